import { apply } from '../core/apply.ts';
import { avgPool2d as op } from '../ops/pools/avgPool2d.ts';
import type { Pair } from '../ops/conv2d/geometry.ts';
import type { Tensor } from '../core/tensor.ts';
import { pairOf, sidesOf, type Padding } from './window.ts';

/** How {@link avgPool2d} moves its window and what it counts. */
export interface AvgPool2dOptions {
  /** Size of the window, for both axes or [height, width]. */
  readonly kernelSize: number | Pair;
  /** Step of the window, for both axes or [height, width]; the window's size by default. */
  readonly stride?: number | Pair;
  /** Zeros around the image: see {@link Padding}; 0 by default. */
  readonly padding?: Padding;
  /** Whether a last window that reaches beyond the padding counts, as in PyTorch; false by default. */
  readonly ceilMode?: boolean;
  /** Whether the zeros of the padding count in the mean; true by default, as in PyTorch (TensorFlow: false). */
  readonly countIncludePad?: boolean;
}

/**
 * Mean over windows: x `[N, H, W, C]` → `[N, OH, OW, C]`.
 *
 * @throws ShapeError when no window fits, or the padding is as large as the window.
 */
export function avgPool2d(x: Tensor, options: AvgPool2dOptions): Tensor {
  const { ceilMode = false, countIncludePad = true } = options;
  const kernelSize = pairOf(options.kernelSize, 'avgPool2d: kernelSize');
  const stride = pairOf(options.stride ?? kernelSize, 'avgPool2d: stride');
  const size: Pair = [x.shape[1] ?? 0, x.shape[2] ?? 0];
  const padding = sidesOf('avgPool2d', options.padding ?? 0, size, kernelSize, stride, [1, 1]);
  return apply(op, { x }, { kernelSize, stride, padding, ceilMode, countIncludePad }).y;
}
