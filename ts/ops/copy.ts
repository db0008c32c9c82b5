import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import type { Pointer } from '../kernels/step.ts';
import type { Lowering, Op, View } from './op.ts';
import type { One } from './places.ts';

/** `y = x` of any shape and type. */
export const copy: Op<{ x: One }, { y: One }, object> = {
  name: 'copy',
  infer: ({ x }) => ({ y: { shape: x.shape, dtype: x.dtype } }),
  lower: (to, { x }, { y }) => lowerCopy(to, x, y),
  gradient: (_, { dys }) => ({ x: dys.y }),
};

/** Emits the step that copies a view into another of the same rows, unless it lies there already. */
export function lowerCopy(to: Lowering, x: View, y: View): void {
  const { buffer, byteOffset } = x.pointer;
  const there = buffer === y.pointer.buffer && byteOffset === y.pointer.byteOffset;
  if (there && x.stride === y.stride) return;
  to.step({
    kernel: 'copy.forward.f32/simd',
    chunks: elementwiseChunks(sizeOf(x.shape)),
    args: { ...at('x', x), ...at('y', y), ...rows(x) },
  });
}

/** Emits the step that writes the same number `count` times to the workspace. */
export function lowerFill(to: Lowering, count: number, value: number): Pointer {
  const y = to.workspace(4 * count);
  to.step({
    kernel: 'copy.fill.f32/simd',
    chunks: elementwiseChunks(count),
    args: { y, yStride: count, pixels: 1, channels: count, value },
  });
  return y;
}
