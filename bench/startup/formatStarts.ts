import { formatTable } from '../../ts/base/formatTable.ts';
import type { StartRow } from './compareStarts.ts';

const HEAD = ['', 'first result', 'min', 'max', 'first run', 'warm', 'ratio', 'MB'];

/** The rows of one workload under its name, with our phases below. */
export function formatStarts(rows: readonly StartRow[]): string {
  const able = rows.filter(({ reason }) => reason === undefined);
  const ms = (value: number): string => value.toFixed(0);
  const cells = able.map((row) => [
    ...[labelOf(row), ms(row.firstMs!), ms(row.minMs!), ms(row.maxMs!)],
    ...[row.firstRunMs!.toFixed(1), row.warmRunMs!.toFixed(1)],
    (row.firstRunMs! / row.warmRunMs!).toFixed(2),
    (row.peakBytes! / 1e6).toFixed(0),
  ]);
  const alignments = HEAD.map((_, column) => (column > 0 ? 'right' : 'left'));
  return [
    [rows[0]!.workload, ...new Set(rows.flatMap(({ runtime }) => runtime ?? []))].join(', '),
    formatTable(HEAD, cells, alignments),
    ...able.flatMap((row) => {
      if (!row.phases) return [];
      const all = Object.entries({ ...row.phases, 'first run': row.firstRunMs! });
      return [
        `${labelOf(row)}: ${all.map(([name, value]) => `${name} ${ms(value)}`).join(', ')} ms`,
      ];
    }),
    ...rows.flatMap((row) => (row.reason ? [`${labelOf(row)}: not measured: ${row.reason}`] : [])),
  ].join('\n');
}

/** `residua 256` for WASM, the name alone for native code. */
function labelOf({ peer, simd }: StartRow): string {
  return simd === undefined ? peer : `${peer} ${simd}`;
}
