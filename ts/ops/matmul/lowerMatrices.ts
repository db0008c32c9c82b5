import type { Pointer } from '../../kernels/step.ts';
import { after } from '../args.ts';
import { lowerPanels, panelFloats } from '../conv2d/conv2dPack.ts';
import { BLOCK_CHANNELS } from '../conv2d/units.ts';
import type { Matrix } from '../gemm.ts';
import type { Lowering } from '../op.ts';
import type { LeadingRun } from './leading.ts';

/** Rows that share one reading of a panel. */
const UNIT_ROWS = 64;
/** Chunks that keep several workers busy to the end. */
const ENOUGH_CHUNKS = 16;
/** Chunks beyond which claims only cost. */
const MOST_CHUNKS = 64;

/** Matrices of one size: the first, and elements from one to the next. */
export interface Matrices extends Matrix {
  readonly matrixStride: number;
}

/** `c = a·b` for all matrices of the leading runs: a `[rows, depth]`, b `[depth, columns]`. */
export interface Products {
  readonly runs: readonly LeadingRun[];
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly a: Matrices;
  readonly b: Matrices;
  /** Row after row, matrix after matrix. */
  readonly c: { readonly pointer: Pointer; readonly stride: number };
}

/** Emits the products of all matrices. The last run is one step, the others are so many of them. */
export function lowerProducts(to: Lowering, products: Products): void {
  const { runs, a, b, c, rows } = products;
  const last = runs.at(-1) ?? { size: 1, a: true, b: true };
  const matrices = runs.reduce((count, { size }) => count * size, 1);
  let [aStep, bStep] = [last.a ? last.size : 1, last.b ? last.size : 1];
  // The first matrices of each operand, for each step.
  let starts = [{ a: 0, b: 0 }];
  for (const run of runs.slice(0, -1).reverse()) {
    const steps = Array.from({ length: run.size }, (_, i) => ({
      a: run.a ? i * aStep : 0,
      b: run.b ? i * bStep : 0,
    }));
    starts = steps.flatMap((step) => starts.map((at) => ({ a: at.a + step.a, b: at.b + step.b })));
    if (run.a) aStep *= run.size;
    if (run.b) bStep *= run.size;
  }
  starts.forEach((start, i) =>
    lowerRun(to, products, last, {
      a: after(a.pointer, 4 * start.a * a.matrixStride),
      b: after(b.pointer, 4 * start.b * b.matrixStride),
      c: after(c.pointer, 4 * ((i * matrices) / starts.length) * rows * c.stride),
    }),
  );
}

/** Emits the packing of b, and the products of one run. */
function lowerRun(
  to: Lowering,
  { rows, depth, columns, a, b, c }: Products,
  run: LeadingRun,
  at: Record<'a' | 'b' | 'c', Pointer>,
): void {
  const packings = run.b ? run.size : 1;
  const packed = to.workspace(4 * panelFloats('pointwise', 1, depth, columns, packings));
  lowerPanels(to, 'pointwise', {
    w: at.b,
    packed,
    height: 1,
    width: 1,
    depth,
    columns,
    groups: packings,
    tapRow: 0,
    tapColumn: 0,
    depthStride: b.rowStride,
    columnStride: b.columnStride,
    groupStride: b.matrixStride,
  });
  const unitRows = Math.min(rows, UNIT_ROWS);
  const blocks = Math.ceil(columns / BLOCK_CHANNELS);
  const rowUnits = run.size * Math.ceil(rows / unitRows);
  const ranges = Math.min(blocks, Math.ceil(ENOUGH_CHUNKS / rowUnits));
  const unitColumns = BLOCK_CHANNELS * Math.ceil(blocks / ranges);
  to.step({
    kernel: 'matmul.f32/panels',
    chunks: Math.min(MOST_CHUNKS, rowUnits * Math.ceil(columns / unitColumns)),
    scratchBytes: 4 * (2 * (unitRows + 8) + depth) + 64,
    args: {
      a: at.a,
      aRow: a.rowStride,
      aDepth: a.columnStride,
      aMatrix: run.a ? a.matrixStride : 0,
      b: packed,
      bMatrix: Number(run.b),
      c: at.c,
      cStride: c.stride,
      matrices: run.size,
      rows,
      depth,
      columns,
      unitRows,
      unitColumns,
    },
  });
}
