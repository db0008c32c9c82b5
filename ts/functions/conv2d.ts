import { apply } from '../core/apply.ts';
import { conv2d as op } from '../ops/conv2d/conv2d.ts';
import type { Pair } from '../ops/conv2d/geometry.ts';
import type { Tensor } from '../core/tensor.ts';
import { pairOf, sidesOf, type Padding } from './window.ts';

/** How {@link conv2d} moves its kernel and what it adds. */
export interface Conv2dOptions {
  /** `[outChannels]`; none by default. */
  readonly bias?: Tensor;
  /** Added to the output, of its shape, before ReLU; none by default. */
  readonly residual?: Tensor;
  /** Applies max(·, 0) to the result; false by default. */
  readonly relu?: boolean;
  /** Step of the kernel, for both axes or [height, width]; 1 by default. */
  readonly stride?: number | Pair;
  /**
   * Zeros around the image: for all sides, for [height, width], for [top, right, bottom, left], `'valid'` for none, or
   * `'same'` for TensorFlow's rule (output size ⌈size / stride⌉, the odd zero after). 0 by default.
   */
  readonly padding?: Padding;
  /** Distance of kernel taps, for both axes or [height, width]; 1 by default. */
  readonly dilation?: number | Pair;
  /** Groups that channels are divided into; 1 by default. */
  readonly groups?: number;
}

/**
 * Convolution (cross-correlation): x `[N, H, W, C]`, weight `[KH, KW, C/groups, O]` → `[N, OH, OW, O]`.
 *
 * @throws ShapeError where channels, groups, kernel and padded input do not fit together.
 * @example
 * import { conv2d, tensor } from 'residua';
 *
 * const x = tensor(new Float32Array(8 * 8 * 3).fill(1), [1, 8, 8, 3]);
 * const weight = tensor(new Float32Array(3 * 3 * 3 * 4).fill(0.1), [3, 3, 3, 4]);
 * console.log(conv2d(x, weight, { padding: 1, stride: 2 }).shape); // 1, 4, 4, 4
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  const { bias, residual, relu = false, groups = 1 } = options;
  const stride = pairOf(options.stride ?? 1, 'conv2d: stride');
  const dilation = pairOf(options.dilation ?? 1, 'conv2d: dilation');
  const size: Pair = [x.shape[1] ?? 0, x.shape[2] ?? 0];
  const kernelSize: Pair = [weight.shape[0] ?? 0, weight.shape[1] ?? 0];
  const padding = sidesOf('conv2d', options.padding ?? 0, size, kernelSize, stride, dilation);
  const attrs = { stride, padding, dilation, groups, relu };
  return apply(op, { x, w: weight, bias, residual }, attrs).y;
}
