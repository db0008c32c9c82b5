import { ShapeError } from '../base/errors.ts';
import { formatShape, sizeOf } from '../base/shape.ts';
import { lowerBackwardWeight } from './conv2d/conv2dBackwardWeight.ts';
import { expectAxes, expectElements, expectShape } from './expect.ts';
import { lowerPanelProduct, lowerPlainProduct } from './gemm.ts';
import type { Pointer } from '../kernels/step.ts';
import type { Rows } from './conv2d/forward.ts';
import type { Lowering, Op } from './op.ts';
import type { One } from './places.ts';
import { sumPixels } from './sumPixels.ts';

/** Rows that do not pay for packing the weights: reading them takes longer than multiplying. */
export const FEW_ROWS = 8;

/** `y = x·w + bias`: x `[N, in]`, w `[in, out]`, bias `[out]`, y `[N, out]`. */
export const linear: Op<{ x: One; w: One; bias?: One }, { y: One }, object> = {
  name: 'linear',
  denseInputs: ['w'],
  infer({ x, w, bias }) {
    expectAxes('linear', 'input', x, 'NI');
    expectAxes('linear', 'weight', w, 'IO');
    expectElements('linear', 'input', x);
    expectElements('linear', 'weight', w);
    if (x.shape[1] !== w.shape[0]) {
      throw new ShapeError(
        `linear: input ${formatShape(x.shape)} has ${x.shape[1]} features but weight expects ${w.shape[0]}`,
      );
    }
    const [rows, columns] = [x.shape[0]!, w.shape[1]!];
    if (bias) expectShape('linear', 'bias', bias, [columns], 'must be');
    return { y: { shape: [rows, columns], dtype: 'f32' } };
  },
  lower(to, { x, w, bias }, { y }) {
    const [rows, depth, columns] = [x.shape[0]!, w.shape[0]!, w.shape[1]!];
    const b = { pointer: w.pointer, rowStride: columns, columnStride: 1 };
    const product = { rows, depth, columns, a: x, b, bias: bias?.pointer ?? null, c: y };
    if (rows <= FEW_ROWS) lowerPlainProduct(to, product);
    else lowerPanelProduct(to, product);
  },
  gradient(apply, { inputs: { x, w }, dys: { y: dy }, needs }) {
    if (!dy) return {};
    return {
      x: needs.x ? apply(linearBackwardInput, { dy, w }, {}).dx : undefined,
      w: needs.w ? apply(linearBackwardWeight, { x, dy }, {}).dw : undefined,
      bias: needs.bias ? apply(sumPixels, { x: dy }, {}).y : undefined,
    };
  },
  flops: ({ x }, { y }) => 2 * sizeOf(y.shape) * x.shape[1]!,
};

/** `dx = dy·wᵀ`: dy `[N, out]`, w `[in, out]`, dx `[N, in]`. */
export const linearBackwardInput: Op<{ dy: One; w: One }, { dx: One }, object> = {
  name: 'linearBackwardInput',
  denseInputs: ['w'],
  infer: ({ dy, w }) => ({ dx: { shape: [dy.shape[0]!, w.shape[0]!], dtype: 'f32' } }),
  lower(to, { dy, w }, { dx }) {
    const [rows, columns, depth] = [dy.shape[0]!, w.shape[0]!, w.shape[1]!];
    const b = { pointer: w.pointer, rowStride: 1, columnStride: depth };
    lowerPanelProduct(to, { rows, depth, columns, a: dy, b, bias: null, c: dx });
  },
  flops: ({ dy }, { dx }) => 2 * sizeOf(dx.shape) * dy.shape[1]!,
};

/** `dw = xᵀ·dy`: x `[N, in]`, dy `[N, out]`, dw `[in, out]`. */
export const linearBackwardWeight: Op<{ x: One; dy: One }, { dw: One }, object> = {
  name: 'linearBackwardWeight',
  denseOutputs: ['dw'],
  infer: ({ x, dy }) => ({ dw: { shape: [x.shape[1]!, dy.shape[1]!], dtype: 'f32' } }),
  lower(to, { x, dy }, { dw }) {
    const sizes = { rows: x.shape[0]!, ins: x.shape[1]!, outs: dy.shape[1]! };
    lowerOuterProduct(to, sizes, x, dy, dw.pointer);
  },
  flops: ({ x }, { dw }) => 2 * sizeOf(dw.shape) * x.shape[0]!,
};

/** Emits `dw = xᵀ·dy`: x `[rows, ins]`, dy `[rows, outs]`, dw `[ins, outs]`. */
export function lowerOuterProduct(
  to: Lowering,
  { rows, ins, outs }: Readonly<Record<'rows' | 'ins' | 'outs', number>>,
  x: Rows,
  dy: Rows,
  dw: Pointer,
): void {
  const conv = {
    batch: 1,
    inputSize: [rows, 1],
    inChannels: ins,
    kernelSize: [1, 1],
    outputSize: [rows, 1],
    outChannels: outs,
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
  } as const;
  lowerBackwardWeight(to, conv, 'outer_product', x, dy, dw);
}
