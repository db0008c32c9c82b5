import { ShapeError } from '../base/errors.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Pair, Sides } from '../ops/conv2d/geometry.ts';
import { convTranspose2d as op } from '../ops/convTranspose2d.ts';
import { pairOf, sidesOf } from './window.ts';

/** How {@link convTranspose2d} moves its kernel and what it adds. */
export interface ConvTranspose2dOptions {
  /** `[outChannels]`; none by default. */
  readonly bias?: Tensor;
  /** Pixels of the output between neighbours of the input, for both axes or [height, width]; 1 by default. */
  readonly stride?: number | Pair;
  /**
   * What is cut off the output: on all sides, on those of [height, width], or of [top, right, bottom, left]. 0 by default.
   */
  readonly padding?: number | Pair | Sides;
  /** Rows and columns beyond the last, fewer than the stride, for both axes or [height, width]; 0 by default. */
  readonly outputPadding?: number | Pair;
  /** Distance of kernel taps, for both axes or [height, width]; 1 by default. */
  readonly dilation?: number | Pair;
  /** Groups that channels are divided into; 1 by default. */
  readonly groups?: number;
}

const OPTIONS: OptionNames<ConvTranspose2dOptions> = {
  bias: 1,
  stride: 1,
  padding: 1,
  outputPadding: 1,
  dilation: 1,
  groups: 1,
};

/**
 * Transposed convolution, which makes images larger: each pixel of x `[N, H, W, C]` adds its multiple of the weight
 * `[KH, KW, O/groups, C]` to the output `[N, OH, OW, O]`, `stride` pixels from its neighbour's:
 * `OH = (H - 1)·stride - 2·padding + dilation·(KH - 1) + 1 + outputPadding`. It is the gradient by the input of a convolution
 * with these weights (Dumoulin & Visin 2016, arXiv:1603.07285). PyTorch's layout of the weight is `[C, O/groups, KH, KW]`.
 *
 * @throws ShapeError where channels, groups, kernel and padding do not fit together.
 * @example
 * import { convTranspose2d, tensor } from 'residua';
 *
 * const x = tensor(new Float32Array(4 * 4 * 3).fill(1), [1, 4, 4, 3]);
 * const weight = tensor(new Float32Array(2 * 2 * 8 * 3).fill(0.1), [2, 2, 8, 3]);
 * console.log(convTranspose2d(x, weight, { stride: 2 }).shape); // 1, 8, 8, 8
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  options: ConvTranspose2dOptions = {},
): Tensor {
  const place = 'convTranspose2d';
  expectOptions(place, options, OPTIONS);
  const { bias, groups = 1 } = options;
  const stride = pairOf(options.stride ?? 1, `${place}: stride`);
  const dilation = pairOf(options.dilation ?? 1, `${place}: dilation`);
  const outputPadding = pairOf(options.outputPadding ?? 0, `${place}: outputPadding`);
  const padding = cutOff(place, options.padding ?? 0);
  return apply(op, { x, w: weight, bias }, { stride, padding, dilation, groups, outputPadding }).y;
}

/** What is cut off the four sides. Throws {@link ShapeError} for anything but numbers: `'same'` has no meaning here. */
export function cutOff(place: string, padding: number | Pair | Sides): Sides {
  if (typeof padding === 'string') {
    const kinds = 'a number, [height, width] or [top, right, bottom, left]';
    throw new ShapeError(`${place}: padding is "${String(padding)}" but must be ${kinds}`);
  }
  return sidesOf(place, padding, [1, 1], [1, 1], [1, 1], [1, 1]);
}
