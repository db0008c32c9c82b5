import { formatTable, type Alignment } from '../../ts/base/formatTable.ts';
import type { PeerRow } from './row.ts';

const HEAD = [
  ...['', 'ms', 'min', 'max', 'GFLOP/s', 'by ours', 'spread', 'MB', 'first', 'cores', 'differs'],
];
const ALIGNMENTS: readonly Alignment[] = HEAD.map((_, column) => (column ? 'right' : 'left'));

/** Columns that a line of the tables may have. */
const WIDTH = 100;

/** The rows of one workload under its name, at most 100 columns wide. */
export function formatRows(rows: readonly PeerRow[]): string {
  const able = rows.filter(({ reason }) => reason === undefined);
  const table = formatTable(HEAD, able.map(cellsOf), ALIGNMENTS).split('\n');
  const names = able.map((row) => `${labelOf(row)}: ${row.facts}`);
  const failures = rows.flatMap((row) =>
    row.reason === undefined ? [] : [`${labelOf(row)}: not measured: ${row.reason}`],
  );
  const notes = able.flatMap((row) =>
    row.idleShare !== undefined && row.idleShare >= 0.01
      ? [
          `${labelOf(row)} used ${(100 * row.idleShare).toFixed(0)} % of a core while others were measured`,
        ]
      : [],
  );
  const versions = names.length > 0 ? [names.join('; ')] : [];
  const lines = [...versions, ...widthNote(able), ...bestNotes(able), ...failures, ...notes];
  return [titleOf(rows), ...table, ...lines.flatMap(wrap)].join('\n');
}

/** The workload, and the Node that all processes of it run in. */
function titleOf(rows: readonly PeerRow[]): string {
  const runtimes = [...new Set(rows.flatMap(({ runtime }) => runtime ?? []))];
  return [rows[0]!.workload, ...runtimes].join(', ');
}

/** `litert 256`; `pytorch 2.15.0`, of which there may be several. */
function labelOf({ peer, simd, version, python, checkout }: PeerRow): string {
  const more = [checkout && version, python && (version ?? python), simd];
  return [peer, ...more.filter(Boolean)].join(' ');
}

/** Which of our lines the others are held against, where there are several. */
function widthNote(rows: readonly PeerRow[]): string[] {
  const widths = new Set(rows.flatMap(({ oursSimd }) => oursSimd ?? []));
  if (widths.size < 2) return [];
  const widest = Math.max(...widths);
  return [
    `by ours: other runtimes on WASM by ours at their width, all others by ours at ${widest} bits`,
  ];
}

function bestNotes(rows: readonly PeerRow[]): string[] {
  return rows.flatMap((row) =>
    row.best ? [`its best: ${labelOf(row)}, ${row.medianMs!.toFixed(1)} ms`] : [],
  );
}

function cellsOf(row: PeerRow): string[] {
  const ms = (value: number): string => value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);
  const times = (value: number): string => `${value.toFixed(2)}×`;
  const { ratio, minRatio, maxRatio } = row;
  return [
    labelOf(row),
    ms(row.medianMs!),
    ms(row.minMs!),
    ms(row.maxMs!),
    row.gflops!.toFixed(1),
    ratio === undefined ? '' : times(ratio),
    ratio === undefined ? '' : `${minRatio!.toFixed(2)}–${maxRatio!.toFixed(2)}`,
    (row.peakBytes! / 1e6).toFixed(0),
    row.firstMs!.toFixed(0),
    Number.isFinite(row.cores) ? row.cores!.toFixed(1) : '',
    row.deviation === undefined ? '' : row.deviation.toExponential(0),
  ];
}

/** A long line over several, the later ones indented. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(last === undefined ? word : `  ${word}`);
  }
  return lines;
}
