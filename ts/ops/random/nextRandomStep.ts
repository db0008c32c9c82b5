import { expectRandomState } from '../dropout.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/**
 * Moves a random state `[seed low, seed high, step low, step high]` (i32) to its next step in place, so that the ops that
 * read it draw new numbers.
 */
export const nextRandomStep: Op<{ state: One }, object, object> = {
  name: 'nextRandomStep',
  mutates: ['state'],
  infer({ state }) {
    expectRandomState('nextRandomStep', state);
    return {};
  },
  lower(to, { state }) {
    to.step({ kernel: 'increment.step.i32/scalar', chunks: 1, args: { state: state.pointer } });
  },
};
