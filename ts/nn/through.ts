import { shown } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Module } from './module.ts';

/** A step of a forward pass: a module, or a function of one tensor such as `relu`. */
export type Step = Module | ((x: Tensor) => Tensor);

/**
 * x through one step after the other, read from left to right: `through(x, conv, bn, relu)` is
 * `relu(bn.forward(conv.forward(x)))`.
 *
 * @throws TypeError for what is neither a module nor a function
 * @example
 * ```ts
 * import { BatchNorm2d, Conv2d, init, noGrad, relu, through, zeros } from 'residua';
 *
 * await init();
 * const conv = new Conv2d(3, 8, { kernelSize: 3, padding: 1 });
 * const bn = new BatchNorm2d(8);
 * const y = noGrad(() => through(zeros([1, 6, 6, 3]), conv, bn, relu));
 * console.log(y.shape); // [1, 6, 6, 8]
 * ```
 */
export function through(x: Tensor, ...steps: readonly Step[]): Tensor {
  return steps.reduce((value, step, index) => {
    if (typeof step === 'function') return step(value);
    if (typeof step?.forward === 'function') return step.forward(value);
    throw new TypeError(
      `through: step ${index + 1} is ${shown(step)} but must be a module or a function`,
    );
  }, x);
}
