import { ShapeError } from '../base/errors.ts';
import { formatShape, sizeOf, type Spec } from '../base/shape.ts';
import { conv2d } from './conv2d/conv2d.ts';
import { lowerBackwardInput } from './conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from './conv2d/conv2dBackwardWeight.ts';
import {
  AXES,
  checkWhole,
  convShape,
  weightSizes,
  type ConvGeometry,
  type ConvShape,
  type Pair,
} from './conv2d/geometry.ts';
import { expectAxes, expectElements, expectShape } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';
import { sumPixels } from './sumPixels.ts';

/** Places of the inputs of {@link convTranspose2d}. */
export interface ConvTranspose2dInputs {
  x: One;
  w: One;
  /** Added to each pixel, `[O]`. */
  bias?: One;
}

/** Settings of {@link convTranspose2d}: those of the convolution whose gradient it is, and rows and columns beyond. */
export interface ConvTranspose2dAttrs extends ConvGeometry {
  /** Rows and columns of the output below and to the right of the last that x asks for: fewer than the stride. */
  readonly outputPadding: Pair;
}

/**
 * `y[n, iy·s + kh·d - p, ix·s + kw·d - p, o] = bias[o] + Σ x[n, iy, ix, c]·w[kh, kw, o, c]`: x `[N, H, W, C]`, w
 * `[KH, KW, O/groups, C]`, bias `[O]`, y `[N, OH, OW, O]` with `OH = (H - 1)·s - p + d·(KH - 1) + 1 + outputPadding`, p of both sides. It is
 * the gradient by the input of the convolution with these weights.
 */
export const convTranspose2d: Op<ConvTranspose2dInputs, { y: One }, ConvTranspose2dAttrs> = {
  name: 'convTranspose2d',
  denseInputs: ['w'],
  infer({ x, w, bias }, attrs) {
    const { batch, inputSize, inChannels } = transposedShape(x, w, attrs);
    if (bias) expectShape('convTranspose2d', 'bias', bias, [inChannels], 'must be');
    return { y: { shape: [batch, ...inputSize, inChannels], dtype: 'f32' } };
  },
  lower(to, { x, w, bias }, { y }, attrs) {
    const { inputSize } = transposedShape(x, w, attrs);
    lowerBackwardInput(to, { dy: x, w, bias, dx: y }, { ...geometryOf(attrs), inputSize });
  },
  gradient(apply, { inputs: { x, w }, dys, attrs, needs }) {
    const dy = dys.y;
    if (!dy) return {};
    const geometry = geometryOf(attrs);
    const kernelSize: Pair = [w.shape[0]!, w.shape[1]!];
    return {
      x: needs.x ? apply(conv2d, { x: dy, w }, { ...geometry, relu: false }).y : undefined,
      w: needs.w
        ? apply(conv2dBackwardWeight, { x: dy, dy: x }, { ...geometry, kernelSize }).dw
        : undefined,
      bias: needs.bias ? apply(sumPixels, { x: dy }, {}).y : undefined,
    };
  },
  flops: ({ x, w }) => 2 * sizeOf(x.shape) * sizeOf(w.shape.slice(0, 3)),
};

const geometryOf = ({ stride, padding, dilation, groups }: ConvGeometry): ConvGeometry => ({
  stride,
  padding,
  dilation,
  groups,
});

/** Every number of the convolution whose output has the shape of x, and its input that of the result; throws {@link ShapeError}. */
function transposedShape(x: Spec, w: Spec, attrs: ConvTranspose2dAttrs): ConvShape {
  const op = 'convTranspose2d';
  expectAxes(op, 'input', x, 'NHWC');
  expectElements(op, 'input', x);
  const { kernelSize, depth, outChannels } = weightSizes(op, w);
  const { stride, padding, dilation, groups, outputPadding } = attrs;
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  if (channels !== outChannels) {
    throw new ShapeError(
      `${op}: input ${formatShape(x.shape)} has ${channels} channels but weight ${formatShape(w.shape)} expects ${outChannels}`,
    );
  }
  const [top, right, bottom, left] = padding;
  const around: Pair = [top + bottom, left + right];
  checkWhole(op, 'stride', stride, 1);
  checkWhole(op, 'dilation', dilation, 1);
  for (const axis of AXES) {
    const extra = outputPadding[axis];
    if (!Number.isInteger(extra) || extra < 0 || extra >= stride[axis]) {
      throw new ShapeError(
        `${op}: output padding ${extra} is not a whole number from 0 up to below the stride ${stride[axis]}`,
      );
    }
  }
  const sizeOn = (axis: 0 | 1, size: number): number =>
    (size - 1) * stride[axis] -
    around[axis] +
    dilation[axis] * (kernelSize[axis] - 1) +
    1 +
    outputPadding[axis];
  const size: Pair = [sizeOn(0, height), sizeOn(1, width)];
  if (size.some((side) => side < 1)) {
    throw new ShapeError(
      `${op}: padding ${padding.join(', ')} leaves an output of ${size.join('×')} for an input of ${height}×${width}`,
    );
  }
  const y: Spec = { shape: [batch, ...size, depth * groups], dtype: 'f32' };
  return convShape(op, y, kernelSize, outChannels, attrs);
}
