import { channelsOf, pixelsOf } from '../base/shape.ts';
import type { Pointer } from '../kernels/step.ts';
import type { Lowering, Op } from './op.ts';
import type { One } from './places.ts';

/** Pixels that one partial sum covers at least. */
const PIXELS = 1024;
/** Partial sums at most: their number must not depend on the threads. */
const PARTITIONS = 32;
/** Channels that one chunk sums. */
const CHANNELS = 4096;

/** `y[c] = Σ x[…, c]`, the gradient of a bias: x `[…, C]`, y `[C]`. */
export const sumPixels: Op<{ x: One }, { y: One }, object> = {
  name: 'sumPixels',
  infer: ({ x }) => ({ y: { shape: [channelsOf(x.shape)], dtype: 'f32' } }),
  lower(to, { x }, { y }) {
    const [pixels, channels] = [pixelsOf(x.shape), channelsOf(x.shape)];
    const partitions = Math.max(1, Math.min(PARTITIONS, Math.floor(pixels / PIXELS)));
    if (partitions === 1) {
      lowerSum(to, x.pointer, x.stride, pixels, channels, y.pointer);
      return;
    }
    const partials = to.workspace(4 * partitions * channels);
    lowerSum(to, x.pointer, x.stride, pixels, channels, partials, partitions);
    lowerSum(to, partials, channels, partitions, channels, y.pointer);
  },
};

/** Emits a sum over rows; with `partitions`, one row of sums for each equal range of rows. */
export function lowerSum(
  to: Lowering,
  x: Pointer,
  xStride: number,
  pixels: number,
  channels: number,
  y: Pointer,
  partitions = 1,
): void {
  to.step({
    kernel: 'sum_pixels.f32/simd',
    chunks: partitions * Math.ceil(channels / CHANNELS),
    args: { x, xStride, y, pixels, channels, partitions, blockChannels: CHANNELS },
  });
}
