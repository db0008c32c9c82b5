import { expectNumber, expectOneOf, expectOptions, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { padAxes as padWithNumber } from '../ops/moves/slice.ts';
import { padByCopies } from '../ops/resample/padByCopies.ts';
import type { Tensor } from '../core/tensor.ts';

/** What {@link padAxes} adds. */
export interface PadAxesOptions {
  /** How many indices before and after, for each axis of x: `[[0, 0], [1, 1], [1, 1], [0, 0]]` for a pixel on each side of images. */
  readonly padding: readonly (readonly [before: number, after: number])[];
  /**
   * `constant`, a number, by default; `reflect`: what lies on the other side of the first or last index, which is not repeated
   * itself; `edge`: the first or last index, PyTorch's `replicate`.
   */
  readonly mode?: 'constant' | 'reflect' | 'edge';
  /** The number that is added in the mode `constant`; 0 by default. */
  readonly value?: number;
}

const OPTIONS: OptionNames<PadAxesOptions> = { padding: 1, mode: 1, value: 1 };

/**
 * Puts zeros, another number or copies of x around x: `[…, S, …]` → `[…, before + S + after, …]`.
 *
 * @throws ShapeError when there are not two whole numbers ≥ 0 for each axis, reflection needs more indices than x has besides the
 * outermost, or there is no edge; RangeError for an unknown mode or a value that is no number.
 * @example
 * import { padAxes, tensor } from 'residua';
 *
 * const x = tensor([[1, 2, 3]]);
 * console.log(padAxes(x, { padding: [[0, 0], [2, 1]], mode: 'reflect' }).data()); // 3, 2, 1, 2, 3, 2
 */
export function padAxes(x: Tensor, options: PadAxesOptions): Tensor {
  expectOptions('padAxes', options, OPTIONS);
  const { padding, mode = 'constant', value = 0 } = options;
  expectOneOf('padAxes', 'mode', mode, ['constant', 'reflect', 'edge']);
  expectNumber('padAxes', 'value', value);
  if (mode === 'constant') return apply(padWithNumber, { x }, { padding, value }).y;
  return apply(padByCopies, { x }, { padding, mode }).y;
}
