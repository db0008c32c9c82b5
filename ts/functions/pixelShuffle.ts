import { apply } from '../core/apply.ts';
import { pixelShuffle as op } from '../ops/moves/pixelShuffle.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Makes pixels of channels: x `[N, H, W, C·r²]` → `[N, H·r, W·r, C]` for the factor r. The order is PyTorch's: pixel `(h·r + i, w·r + j)`
 * takes the channels `c·r² + i·r + j` (Shi et al. 2016).
 *
 * @throws ShapeError when x has not four axes, or r² does not divide its channels; RangeError for a factor that is no whole number
 * ≥ 1.
 * @example
 * import { pixelShuffle, tensor } from 'residua';
 *
 * console.log(pixelShuffle(tensor([1, 2, 3, 4], [1, 1, 1, 4]), 2).shape); // 1, 2, 2, 1
 */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  return apply(op, { x }, { factor }).y;
}
