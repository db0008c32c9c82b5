import { ShapeError } from '../base/errors.ts';
import { formatShape } from '../base/shape.ts';
import { lowerBackwardWeight } from './conv2d/conv2dBackwardWeight.ts';
import { lowerPanels, panelFloats } from './conv2d/conv2dPack.ts';
import { BLOCK_CHANNELS } from './conv2d/units.ts';
import { expectAxes, expectElements, expectShape } from './expect.ts';
import { sumPixels } from './sumPixels.ts';
import type { Pointer, Step } from '../kernels/step.ts';
import type { Rows } from './conv2d/forward.ts';
import type { Lowering, Op } from './op.ts';

export interface LinearAttrs {
  /** Input 2 is added to each row, `[out]`. */
  readonly bias: boolean;
}

/** `y = x·w + bias`: x `[N, in]`, w `[in, out]`, y `[N, out]`. */
export const linear: Op<LinearAttrs> = {
  name: 'linear',
  denseInputs: [1],
  infer(inputs, attrs) {
    const [x, w] = [inputs[0]!, inputs[1]!];
    const expected = attrs.bias ? 3 : 2;
    if (inputs.length !== expected) {
      throw new TypeError(
        `linear: got ${inputs.length} inputs but its attributes ask for ${expected}`,
      );
    }
    expectAxes('linear', 'input', x, 'NI');
    expectAxes('linear', 'weight', w, 'IO');
    expectElements('linear', 'input', x);
    expectElements('linear', 'weight', w);
    if (x.shape[1] !== w.shape[0]) {
      throw new ShapeError(
        `linear: input ${formatShape(x.shape)} has ${x.shape[1]} features but weight expects ${w.shape[0]}`,
      );
    }
    if (attrs.bias) expectShape('linear', 'bias', inputs[2]!, [w.shape[1]!], 'must be');
    return [{ shape: [x.shape[0]!, w.shape[1]!], dtype: 'f32' }];
  },
  lower(to, [x, w, bias], [y], attrs) {
    const [depth, columns] = w!.shape as [number, number];
    const rows = x!.shape[0]!;
    const product = { rows, depth, columns, a: x!, bias: attrs.bias ? bias!.pointer : null, c: y! };
    if (rows <= FEW_ROWS) {
      lowerPlain(to, { ...product, b: w!.pointer });
      return;
    }
    const b = packMatrix(to, w!.pointer, depth, columns, columns, 1);
    lowerPanelProduct(to, { ...product, b });
  },
  gradient(apply, { inputs, dys, attrs, needs }) {
    const [x, w, dy] = [inputs[0]!, inputs[1]!, dys[0]!];
    const gradients = [
      needs[0] ? apply(linearBackwardInput, [dy, w], {})[0] : undefined,
      needs[1] ? apply(linearBackwardWeight, [x, dy], {})[0] : undefined,
    ];
    if (attrs.bias) gradients.push(needs[2] ? apply(sumPixels, [dy], {})[0] : undefined);
    return gradients;
  },
};

/** `dx = dy·wᵀ`: dy `[N, out]`, w `[in, out]`, dx `[N, in]`. */
export const linearBackwardInput: Op<object> = {
  name: 'linearBackwardInput',
  denseInputs: [1],
  infer: ([dy, w]) => [{ shape: [dy!.shape[0]!, w!.shape[0]!], dtype: 'f32' }],
  lower(to, [dy, w], [dx]) {
    const [columns, depth] = w!.shape as [number, number];
    const b = packMatrix(to, w!.pointer, depth, columns, 1, depth);
    const rows = dy!.shape[0]!;
    lowerPanelProduct(to, { rows, depth, columns, a: dy!, b, bias: null, c: dx! });
  },
};

/** `dw = xᵀ·dy`: x `[N, in]`, dy `[N, out]`, dw `[in, out]`. */
export const linearBackwardWeight: Op<object> = {
  name: 'linearBackwardWeight',
  denseOutputs: [0],
  infer: ([x, dy]) => [{ shape: [x!.shape[1]!, dy!.shape[1]!], dtype: 'f32' }],
  lower(to, [x, dy], [dw]) {
    const conv = {
      batch: 1,
      inputSize: [x!.shape[0]!, 1],
      inChannels: x!.shape[1]!,
      kernelSize: [1, 1],
      outputSize: [x!.shape[0]!, 1],
      outChannels: dy!.shape[1]!,
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      dilation: [1, 1],
      groups: 1,
    } as const;
    lowerBackwardWeight(to, conv, 'outer_product', x!, dy!, dw!.pointer);
  },
};

/** Rows that do not pay for packing the weights: reading them takes longer than multiplying. */
const FEW_ROWS = 8;
/** Columns that are read at a time, in rows of the weights as long as a cache line or several. */
const FEWEST_COLUMNS = 128;
/** Rows that share one reading of a panel of weights. */
const UNIT_ROWS = 64;
/** Chunks that keep several workers busy to the end. */
const ENOUGH_CHUNKS = 16;
/** Chunks beyond which claims only cost. */
const MOST_CHUNKS = 64;

function packMatrix(
  to: Lowering,
  w: Pointer,
  depth: number,
  columns: number,
  depthStride: number,
  columnStride: number,
): Pointer {
  const packed = to.workspace(4 * panelFloats('pointwise', 1, depth, columns, 1));
  lowerPanels(to, 'pointwise', {
    ...{ w, packed, depth, columns, depthStride, columnStride },
    ...{ height: 1, width: 1, groups: 1, tapRow: 0, tapColumn: 0, groupStride: 0 },
  });
  return packed;
}

/** `c = a·b + bias` for `[rows, depth]` and `[depth, columns]`. */
interface Product {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly a: Rows;
  readonly b: Pointer;
  readonly bias: Pointer | null;
  readonly c: Rows;
}

/** Emits a product of few rows with a matrix where it lies. */
function lowerPlain(to: Lowering, product: Product): void {
  const { rows, columns } = product;
  const wanted = BLOCK_CHANNELS * Math.ceil(columns / ENOUGH_CHUNKS / BLOCK_CHANNELS);
  const unitColumns = Math.max(FEWEST_COLUMNS, wanted);
  to.step({
    kernel: 'gemm.f32/plain',
    chunks: Math.max(1, Math.ceil(columns / unitColumns)),
    scratchBytes: 4 * rows * unitColumns,
    // One worker reads whole rows, which memory hands out faster than parts of them.
    oneWorker: { chunks: 1, args: { unitColumns: columns }, scratchBytes: 4 * rows * columns },
    args: { ...productArgs(product), unitRows: Math.max(1, rows), unitColumns },
  });
}

/** Emits a product with a matrix in panels. */
function lowerPanelProduct(to: Lowering, product: Product): void {
  const { rows, depth, columns } = product;
  const unitRows = Math.min(rows, UNIT_ROWS);
  const blocks = Math.ceil(columns / BLOCK_CHANNELS);
  const ranges = Math.min(blocks, Math.ceil(ENOUGH_CHUNKS / Math.ceil(rows / unitRows)));
  const unitColumns = BLOCK_CHANNELS * Math.ceil(blocks / ranges);
  const units = Math.ceil(rows / unitRows) * Math.ceil(columns / unitColumns);
  to.step({
    kernel: 'gemm.f32/panels',
    chunks: Math.max(1, Math.min(MOST_CHUNKS, units)),
    scratchBytes: 4 * (2 * (unitRows + 8) + depth) + 64,
    args: { ...productArgs(product), unitRows, unitColumns },
  });
}

function productArgs({ a, b, bias, c, ...sizes }: Product): Step['args'] {
  return {
    ...{ a: a.pointer, aStride: a.stride, b, bias, c: c.pointer, cStride: c.stride },
    ...sizes,
  };
}
