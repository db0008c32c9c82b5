import { formatTable, type Alignment } from '../../ts/table.ts';
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
  const names = able.map(({ peer, facts }) => `${peer}: ${facts}`);
  const failures = rows.flatMap(({ peer, reason }) =>
    reason === undefined ? [] : [`${peer}: not measured: ${reason}`],
  );
  const notes = able.flatMap(({ peer, idleShare }) =>
    idleShare !== undefined && idleShare >= 0.01
      ? [`${peer} used ${(100 * idleShare).toFixed(0)} % of a core while others were measured`]
      : [],
  );
  const versions = names.length > 0 ? [names.join('; ')] : [];
  return [rows[0]!.workload, ...table, ...[...versions, ...failures, ...notes].flatMap(wrap)].join(
    '\n',
  );
}

function cellsOf(row: PeerRow): string[] {
  const ms = (value: number): string => value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);
  const times = (value: number): string => `${value.toFixed(2)}×`;
  const { ratio, minRatio, maxRatio } = row;
  return [
    row.peer,
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
