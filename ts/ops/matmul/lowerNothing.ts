import { sizeOf } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Lowering, View } from '../op.ts';

/** Emits sums of no products: zeros. */
export function lowerNothing(to: Lowering, y: View): void {
  to.step({
    kernel: 'copy.fill.f32/simd',
    chunks: elementwiseChunks(sizeOf(y.shape)),
    args: { ...at('y', y), ...rows(y), value: 0 },
  });
}
