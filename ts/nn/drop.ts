import { apply } from '../core/apply.ts';
import { dropout } from '../functions/dropout.ts';
import { nextRandomStep } from '../ops/random/nextRandomStep.ts';
import type { Tensor } from '../core/tensor.ts';
import { dropoutState } from './seed.ts';

/** x with elements dropped at probability p: each call, and each run of a plan that has it, draws a new mask. */
export function drop(x: Tensor, p: number, stream: number): Tensor {
  const state = dropoutState();
  const kept = dropout(x, { p, state, stream });
  apply(nextRandomStep, { state }, {});
  return kept;
}
