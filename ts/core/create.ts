import { currentEngine } from './init.ts';
import { allocate } from './eager.ts';
import { expectOneOf, shown } from '../base/settings.ts';
import { formatShape, sizeOf, type DType, type Shape } from '../base/shape.ts';
import type { Source } from './deferred.ts';
import { Tensor } from './tensor.ts';

/** Throws RangeError unless every axis is a whole number of at least 0. */
function checkShape(shape: Shape): void {
  if (shape.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new RangeError(
      `tensor: shape ${formatShape(shape)} has an axis that is not a whole number ≥ 0`,
    );
  }
}

/**
 * A tensor with these values in row-major order.
 *
 * @throws RangeError when the number of values is not that of the shape, or i32 is given what is no 32-bit integer.
 * @example
 * import { tensor } from 'residua';
 *
 * const x = tensor([1, 2, 3, 4], [2, 2]); // rows [1, 2] and [3, 4]
 * console.log(x.shape, x.data());
 */
export function tensor(values: ArrayLike<number>, shape: Shape, dtype: DType = 'f32'): Tensor {
  checkShape(shape);
  expectOneOf('tensor', 'dtype', dtype, ['f32', 'i32']);
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `tensor: ${values.length} values for shape ${formatShape(shape)} of ${sizeOf(shape)}`,
    );
  }
  if (dtype === 'i32') expectIntegers(values);
  const made = allocate({ shape, dtype });
  made.write(values);
  return made;
}

/** Class numbers that are fractions or words would become others without a word. */
function expectIntegers(values: ArrayLike<number>): void {
  if (values instanceof Int32Array) return;
  for (let index = 0; index < values.length; index++) {
    const value: unknown = values[index];
    if (typeof value === 'number' && value === (value | 0)) continue;
    throw new RangeError(
      `tensor: value ${index} is ${shown(value)} but i32 holds 32-bit whole numbers`,
    );
  }
}

/** A tensor of zeros. */
export function zeros(shape: Shape, dtype: DType = 'f32'): Tensor {
  return tensor(new Float32Array(sizeOf(shape)), shape, dtype);
}

/**
 * A tensor that gradients flow to and that scopes leave alone: a weight. Starts as zeros.
 *
 * @example
 * import { gradients, parameter, sumSquares } from 'residua';
 *
 * const w = parameter([3]);
 * w.write([1, 2, 3]);
 * const [dw] = gradients(sumSquares(w), [w]);
 * console.log(dw.data()); // 2, 4, 6
 */
export function parameter(shape: Shape): Tensor {
  const made = state(shape);
  made.requiresGrad = true;
  return made;
}

/** A weight as {@link parameter} makes it, whose values stay where they come from until an op works on them. */
export function deferredParameter(shape: Shape, source: Source): Tensor {
  checkShape(shape);
  const made = new Tensor({ shape, dtype: 'f32' }, { engine: currentEngine(), source }, true);
  made.requiresGrad = true;
  return made;
}

/** A tensor that scopes leave alone and gradients do not reach: running statistics, optimizer state. Starts as zeros. */
export function state(shape: Shape, dtype: DType = 'f32'): Tensor {
  checkShape(shape);
  const made = allocate({ shape, dtype }, undefined, true);
  made.write(new Float32Array(sizeOf(shape)));
  return made;
}
