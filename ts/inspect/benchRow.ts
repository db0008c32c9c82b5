import type { Width } from '../kernels/chooseWidth.ts';

/** One line of a benchmark. Fields that do not apply are absent. */
export interface BenchRow {
  readonly name: string;
  /** `forward`, `backwardInput`, `backwardWeight`, `inference`, `training` or `ceiling`. */
  readonly pass: string;
  readonly model?: string;
  readonly batch?: number;
  /** Sizes of the matrix product that the work amounts to: pixels, output channels, taps × input channels. */
  readonly m?: number;
  readonly n?: number;
  readonly k?: number;
  readonly threads: number;
  /** `node 24.1.0`, `deno 2.9.6`, … */
  readonly runtime: string;
  readonly build: string;
  /** Bits of the vectors that its kernels are written for. */
  readonly simd: Width;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly gflops: number;
  /** gflops by the multiply-add ceiling measured in the same rounds, per run on the same number of threads. */
  readonly ceilingShare: number;
  /** Bytes of activations and workspaces of the plan. */
  readonly peakBytes?: number;
}

/** The rows as a table for people. */
export function formatBench(rows: readonly BenchRow[]): string {
  const head = [
    'case',
    'pass',
    'batch',
    'm × n × k',
    'thr',
    'ms',
    'min',
    'GFLOP/s',
    'ceil',
    'peak MB',
  ];
  const cells = rows.map((row) => [
    row.name,
    row.pass,
    String(row.batch ?? ''),
    row.m === undefined ? '' : `${row.m} × ${row.n} × ${row.k}`,
    String(row.threads),
    row.medianMs.toFixed(row.medianMs < 10 ? 3 : 1),
    row.minMs.toFixed(row.minMs < 10 ? 3 : 1),
    row.gflops.toFixed(1),
    `${(100 * row.ceilingShare).toFixed(0)} %`,
    row.peakBytes === undefined ? '' : (row.peakBytes / 1e6).toFixed(1),
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]!.length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  const [first] = rows;
  const where = first
    ? `${first.runtime}, build ${first.build.replace('-threads', '')}, ${first.simd} bits`
    : 'no cases';
  return [where, line(head), ...cells.map(line)].join('\n');
}
