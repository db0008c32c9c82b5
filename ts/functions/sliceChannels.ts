import { apply } from '../core/apply.ts';
import { sliceChannels as op } from '../ops/sliceChannels.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * The channels from `start` up to but not including `end` (the last by default): x `[…, C]` → `[…, end - start]`.
 *
 * @throws ShapeError when x does not have these channels.
 */
export function sliceChannels(x: Tensor, start: number, end: number = x.shape.at(-1) ?? 1): Tensor {
  return apply(op, { x }, { start, channels: end - start }).y;
}
