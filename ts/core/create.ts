import { currentEngine } from './init.ts';
import { allocate } from './eager.ts';
import { expectOneOf } from '../base/settings.ts';
import { formatShape, sizeOf, type DType, type Shape } from '../base/shape.ts';
import type { Source } from './deferred.ts';
import { Tensor } from './tensor.ts';
import { flatten, typed, type NestedNumbers } from '../base/values.ts';

/** Throws RangeError unless every axis is a whole number of at least 0. */
function checkShape(shape: Shape): void {
  if (shape.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new RangeError(
      `tensor: shape ${formatShape(shape)} has an axis that is not a whole number ≥ 0`,
    );
  }
}

/**
 * A tensor with these values: rows of rows, whose lengths are the axes, or a list in row-major order. Without a shape a list has one
 * axis, a number none.
 *
 * @throws RangeError when the number of values is not that of the shape, rows differ in length, or a value is no number (for i32: no
 * 32-bit integer).
 * @example
 * import { tensor } from 'residua';
 *
 * const x = tensor([[1, 2], [3, 4]]);
 * const labels = tensor([3, 1], 'i32');
 * console.log(`${x}`, labels.data());
 */
export function tensor(values: NestedNumbers, shape?: Shape, dtype?: DType): Tensor;
export function tensor(values: NestedNumbers, dtype: DType): Tensor;
export function tensor(nested: NestedNumbers, given?: Shape | DType, type: DType = 'f32'): Tensor {
  const { values, shape: found } = flatten(nested);
  const [shape, dtype] = typeof given === 'string' ? [found, given] : [given ?? found, type];
  checkShape(shape);
  expectOneOf('tensor', 'dtype', dtype, ['f32', 'i32']);
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `tensor: ${values.length} values for shape ${formatShape(shape)} of ${sizeOf(shape)}`,
    );
  }
  const checked = typed('tensor', values, dtype);
  const made = allocate({ shape, dtype });
  made.write(checked);
  return made;
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
