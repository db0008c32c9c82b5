import { withOperand } from './operand.ts';
import { expectOptions, type OptionNames, shown } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { add as op } from '../ops/add.ts';
import { Tensor } from '../core/tensor.ts';

/** Options of {@link add}. */
export interface AddOptions {
  /** Clip the sum at 0 in the same pass: the join of a residual block. Default false. */
  readonly relu?: boolean;
}

const OPTIONS: OptionNames<AddOptions> = { relu: 1 };

/**
 * `a + b` of two tensors of one shape, or of a tensor and a number.
 *
 * @throws ShapeError when the shapes differ; TypeError when an operand is neither, or both are numbers.
 * @example
 * import { add, tensor } from 'residua';
 *
 * const x = tensor([-3, 1], [1, 2]);
 * console.log(add(x, tensor([1, 1], [1, 2]), { relu: true }).data()); // 0, 2
 */
export function add(a: Tensor | number, b: Tensor | number, options: AddOptions = {}): Tensor {
  expectOptions('add', options, OPTIONS);
  const { relu = false } = options;
  const [x, y] = a instanceof Tensor ? [a, b] : [b, a];
  if (!(x instanceof Tensor))
    throw new TypeError(`add: ${shown(a)} and ${shown(b)} are no tensors`);
  return withOperand(
    'add',
    y,
    x.shape,
    (other) => apply(op, x === a ? { a: x, b: other } : { a: other, b: x }, { relu }).y,
  );
}
