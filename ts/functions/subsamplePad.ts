import { apply } from '../core/apply.ts';
import { subsamplePad as op } from '../ops/subsamplePad.ts';
import type { Tensor } from '../core/tensor.ts';

/** What {@link subsamplePad} leaves out and adds. */
export interface SubsamplePadOptions {
  /** Every how many pixels one is kept, for both axes; 1 by default. */
  readonly stride?: number;
  /** Channels of zeros before those of x; 0 by default. */
  readonly before?: number;
  /** Channels of zeros after those of x; 0 by default. */
  readonly after?: number;
}

/**
 * The shortcut without weights of He et al. (2015), option A: every `stride`-th pixel, zeros in added channels;
 * x `[N, H, W, C]` → `[N, ⌈H/stride⌉, ⌈W/stride⌉, before + C + after]`.
 *
 * @throws ShapeError when x has not four axes, or an option is not a whole number.
 */
export function subsamplePad(x: Tensor, options: SubsamplePadOptions = {}): Tensor {
  const { stride = 1, before = 0, after = 0 } = options;
  return apply(op, { x }, { stride, before, after }).y;
}
