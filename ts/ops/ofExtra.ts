import { extra } from '../kernels/extra.ts';
import { needExtra } from '../kernels/needsExtra.ts';
import { extraOps } from './extraOps.ts';
import type { AnyOp, Op } from './op.ts';

/**
 * An op whose kernels are in the extra module: where this is evaluated, engines load that from then on. The call
 * is annotated as pure (`@__PURE__`), by which bundlers leave it out of programs that do not use the op.
 */
export function ofExtra<I, O, A>(op: Op<I, O, A>): Op<I, O, A> {
  needExtra(extra);
  const { name } = op;
  const whole: Op<I, O, A> = {
    ...op,
    expectKernels({ extra: has }) {
      if (has === true) return;
      throw new Error(
        has
          ? `${name}: its kernels could not be loaded: ${has}`
          : `${name}: the engine was made without its kernels: import ${name} before init(), or call init() again for another engine`,
      );
    },
  };
  extraOps.set(name, whole as AnyOp);
  return whole;
}
