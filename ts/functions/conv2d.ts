import { apply } from '../apply.ts';
import { conv2d as op } from '../ops/conv2d.ts';
import type { Pair, Sides } from '../ops/conv2dGeometry.ts';
import type { Tensor } from '../tensor.ts';

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

/** Zeros around an image, as users write them. */
export type Padding = number | Pair | Sides | 'same' | 'valid';

/**
 * Convolution (cross-correlation): x `[N, H, W, C]`, weight `[KH, KW, C/groups, O]` → `[N, OH, OW, O]`.
 *
 * @throws ShapeError where channels, groups, kernel and padded input do not fit together.
 * @example
 * const y = conv2d(x, weight, { padding: 1, stride: 2 });
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  const { bias, residual, relu = false, groups = 1 } = options;
  const stride = pairOf(options.stride ?? 1);
  const dilation = pairOf(options.dilation ?? 1);
  const size: Pair = [x.shape[1] ?? 0, x.shape[2] ?? 0];
  const kernelSize: Pair = [weight.shape[0] ?? 0, weight.shape[1] ?? 0];
  const padding = sidesOf(options.padding ?? 0, size, kernelSize, stride, dilation);
  const inputs = [x, weight, bias, residual].filter((tensor) => tensor !== undefined);
  const attrs = { stride, padding, dilation, groups, relu };
  return apply(op, inputs, {
    ...attrs,
    bias: bias !== undefined,
    residual: residual !== undefined,
  })[0]!;
}

/** One number for both axes, or each its own. */
export function pairOf(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}

/** Zeros on the four sides for a window over an image of `size`. */
export function sidesOf(
  padding: Padding,
  size: Pair,
  kernelSize: Pair,
  stride: Pair,
  dilation: Pair,
): Sides {
  if (padding === 'valid') return [0, 0, 0, 0];
  if (padding === 'same') {
    const [height, width] = [0, 1].map((axis) => {
      const covered = (Math.ceil(size[axis]! / stride[axis]!) - 1) * stride[axis]!;
      return Math.max(0, covered + (kernelSize[axis]! - 1) * dilation[axis]! + 1 - size[axis]!);
    }) as [number, number];
    const [top, left] = [Math.floor(height / 2), Math.floor(width / 2)];
    return [top, width - left, height - top, left];
  }
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  if (padding.length === 2) return [padding[0], padding[1], padding[0], padding[1]];
  return padding;
}
