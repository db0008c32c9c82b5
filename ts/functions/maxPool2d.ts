import { apply } from '../core/apply.ts';
import type { Pair } from '../ops/conv2d/geometry.ts';
import { maxPool2d as op } from '../ops/pools/maxPool2d.ts';
import type { Tensor } from '../core/tensor.ts';
import { pairOf, sidesOf, type Padding } from './window.ts';

/** How {@link maxPool2d} moves its window. */
export interface MaxPool2dOptions {
  /** Size of the window, for both axes or [height, width]. */
  readonly kernelSize: number | Pair;
  /** Step of the window, for both axes or [height, width]; the window's size by default. */
  readonly stride?: number | Pair;
  /** Border that takes no part: see {@link Padding}; 0 by default. */
  readonly padding?: Padding;
  /** Distance of the window's pixels, for both axes or [height, width]; 1 by default. */
  readonly dilation?: number | Pair;
  /** Whether a last window that reaches beyond the padding counts, as in PyTorch; false by default. */
  readonly ceilMode?: boolean;
}

/**
 * Maximum over windows: x `[N, H, W, C]` → `[N, OH, OW, C]`.
 *
 * @throws ShapeError when no window fits, or the padding is as large as the window.
 * @example
 * import { maxPool2d, tensor } from 'residua';
 *
 * const x = tensor([1, 2, 3, 4], [1, 2, 2, 1]);
 * console.log(maxPool2d(x, { kernelSize: 2 }).data()); // 4
 */
export function maxPool2d(x: Tensor, options: MaxPool2dOptions): Tensor {
  const { ceilMode = false } = options;
  const kernelSize = pairOf(options.kernelSize, 'maxPool2d: kernelSize');
  const stride = pairOf(options.stride ?? kernelSize, 'maxPool2d: stride');
  const dilation = pairOf(options.dilation ?? 1, 'maxPool2d: dilation');
  const size: Pair = [x.shape[1] ?? 0, x.shape[2] ?? 0];
  const padding = sidesOf('maxPool2d', options.padding ?? 0, size, kernelSize, stride, dilation);
  return apply(op, { x }, { kernelSize, stride, padding, dilation, ceilMode }).y;
}
