/** Which side of its column a cell keeps to. */
export type Alignment = 'left' | 'right';

/** Rows as aligned columns, two spaces apart, without lines. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const pad = (cell: string, column: number): string =>
    alignments[column] === 'right' ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return [head, ...rows].map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}
