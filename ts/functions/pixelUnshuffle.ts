import { apply } from '../core/apply.ts';
import { pixelUnshuffle as op } from '../ops/moves/pixelShuffle.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Makes channels of pixels: x `[N, H·r, W·r, C]` → `[N, H, W, C·r²]` for the factor r, the inverse of `pixelShuffle`.
 *
 * @throws ShapeError when x has not four axes, or r does not divide height and width; RangeError for a factor that is no whole
 * number ≥ 1.
 */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  return apply(op, { x }, { factor }).y;
}
