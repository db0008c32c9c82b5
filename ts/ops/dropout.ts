import { ShapeError } from '../base/errors.ts';
import { expectWhole } from '../base/settings.ts';
import { formatShape, sameShape, sizeOf } from '../base/shape.ts';
import type { Spec } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectType } from './expect.ts';
import { multiply } from './multiply.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** Settings of {@link dropout}. */
export interface DropoutAttrs {
  /** Probability of a zero. */
  readonly p: number;
  /** Number of the random stream: each dropout of a network has its own. */
  readonly stream: number;
}

/** Throws unless the tensor is `[seed low, seed high, step low, step high]`. */
export function expectRandomState(op: string, state: Spec): void {
  expectType(op, 'random state', state, 'i32');
  if (!sameShape(state.shape, [4])) {
    throw new ShapeError(
      `${op}: random state has shape ${formatShape(state.shape)} but must be [4]`,
    );
  }
}

/**
 * Zeroes elements with probability p and multiplies the others by `1/(1 - p)`: `y = x·mask`, all of one shape, by the random
 * state `[4]` (i32). The same seed, step and stream give the same mask of factors.
 *
 * Source: Srivastava et al., "Dropout", 2014.
 */
export const dropout: Op<{ x: One; state: One }, { y: One; mask: One }, DropoutAttrs> = {
  name: 'dropout',
  inPlace: [['x', 'y']],
  infer({ x, state }, { p, stream }) {
    expectWhole('dropout', 'stream', stream, 0);
    expectType('dropout', 'input', x, 'f32');
    expectRandomState('dropout', state);
    if (!(p >= 0 && p < 1)) {
      throw new RangeError(`dropout: p is ${p} but must be at least 0 and below 1`);
    }
    return { y: { shape: x.shape, dtype: 'f32' }, mask: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x, state }, { y, mask }, { p, stream }) {
    to.step({
      kernel: 'dropout.forward.f32/scalar',
      chunks: elementwiseChunks(4 * sizeOf(x.shape)),
      args: {
        ...at('x', x),
        state: state.pointer,
        ...at('y', y),
        ...at('mask', mask),
        ...rows(x),
        stream,
        p,
        scale: 1 / (1 - p),
      },
    });
  },
  recompute: (apply, { inputs: { x }, outputs: { mask } }) =>
    apply(multiply, { a: x, b: mask }, {}).y,
  gradient: (apply, { outputs: { mask }, dys: { y: dy } }) =>
    dy ? { x: apply(multiply, { a: dy, b: mask }, {}).y } : {},
};
