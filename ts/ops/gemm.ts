import { lowerPanels, panelFloats } from './conv2d/conv2dPack.ts';
import { BLOCK_CHANNELS } from './conv2d/units.ts';
import type { Pointer, Step } from '../kernels/step.ts';
import type { Rows } from './conv2d/forward.ts';
import type { Lowering } from './op.ts';

/** `c = a·b + bias`: a `[rows, depth]`, b `[depth, columns]`, bias `[columns]`, c `[rows, columns]`. */
export interface Product {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly a: Rows;
  readonly b: Matrix;
  readonly bias: Pointer | null;
  readonly c: Rows;
}

/** A matrix, or the transpose of one, by the elements from one of its rows and columns to the next. */
export interface Matrix {
  readonly pointer: Pointer;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Columns that are read at a time, in rows of the weights as long as a cache line or several. */
const FEWEST_COLUMNS = 128;
/** Rows that share one reading of a panel of weights. */
const UNIT_ROWS = 64;
/** Chunks that keep several workers busy to the end. */
const ENOUGH_CHUNKS = 16;
/** Chunks beyond which claims only cost. */
const MOST_CHUNKS = 64;

/** Emits a product of few rows with a matrix of dense rows where it lies. */
export function lowerPlainProduct(to: Lowering, product: Product): void {
  const { rows, columns } = product;
  const wanted = BLOCK_CHANNELS * Math.ceil(columns / ENOUGH_CHUNKS / BLOCK_CHANNELS);
  const unitColumns = Math.max(FEWEST_COLUMNS, wanted);
  to.step({
    kernel: 'gemm.f32/plain',
    chunks: Math.max(1, Math.ceil(columns / unitColumns)),
    scratchBytes: 4 * rows * unitColumns,
    // One worker reads whole rows, which memory hands out faster than parts of them.
    oneWorker: { chunks: 1, args: { unitColumns: columns }, scratchBytes: 4 * rows * columns },
    args: {
      ...productArgs(product, product.b.pointer),
      unitRows: Math.max(1, rows),
      unitColumns,
    },
  });
}

/** Emits a product with a matrix that is first packed in panels. */
export function lowerPanelProduct(to: Lowering, product: Product): void {
  const { rows, depth, columns } = product;
  const packed = lowerPackedMatrix(to, product);
  const unitRows = Math.min(rows, UNIT_ROWS);
  const blocks = Math.ceil(columns / BLOCK_CHANNELS);
  const ranges = Math.min(blocks, Math.ceil(ENOUGH_CHUNKS / Math.ceil(rows / unitRows)));
  const unitColumns = BLOCK_CHANNELS * Math.ceil(blocks / ranges);
  const units = Math.ceil(rows / unitRows) * Math.ceil(columns / unitColumns);
  to.step({
    kernel: 'gemm.f32/panels',
    chunks: Math.max(1, Math.min(MOST_CHUNKS, units)),
    scratchBytes: 4 * (2 * (unitRows + 8) + depth) + 64,
    args: { ...productArgs(product, packed), unitRows, unitColumns },
  });
}

/** Emits the step that packs b into the workspace. */
function lowerPackedMatrix(to: Lowering, { depth, columns, b }: Product): Pointer {
  const packed = to.workspace(4 * panelFloats('pointwise', 1, depth, columns, 1));
  lowerPanels(to, 'pointwise', {
    w: b.pointer,
    packed,
    depth,
    columns,
    depthStride: b.rowStride,
    columnStride: b.columnStride,
    height: 1,
    width: 1,
    groups: 1,
    tapRow: 0,
    tapColumn: 0,
    groupStride: 0,
  });
  return packed;
}

function productArgs({ a, bias, c, rows, depth, columns }: Product, b: Pointer): Step['args'] {
  return {
    a: a.pointer,
    aStride: a.stride,
    b,
    bias,
    c: c.pointer,
    cStride: c.stride,
    rows,
    depth,
    columns,
  };
}
