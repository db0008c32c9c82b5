import { expectOptions, type OptionNames } from '../base/settings.ts';
import { sameShape } from '../base/shape.ts';
import { apply } from '../core/apply.ts';
import { Tensor } from '../core/tensor.ts';
import { add as op } from '../ops/add.ts';
import { adding } from '../ops/map/formulas.ts';
import { relu as reluOp } from '../ops/relu.ts';
import { broadcast } from './broadcast.ts';

/** Options of {@link add}. */
export interface AddOptions {
  /** Clip the sum at 0 in the same pass: the join of a residual block. Default false. */
  readonly relu?: boolean;
}

const OPTIONS: OptionNames<AddOptions> = { relu: 1 };

/**
 * `a + b` element by element, of tensors or of a tensor and a number. Shapes broadcast: axes are compared from the last on, and those of
 * size 1, or that are not there, repeat.
 *
 * @throws ShapeError when the shapes do not fit; TypeError when an operand is neither a tensor nor a number, or both are numbers.
 * @example
 * import { add, tensor } from 'residua';
 *
 * const x = tensor([-3, 1], [1, 2]);
 * console.log(add(x, tensor([1, 1], [1, 2]), { relu: true }).data()); // 0, 2
 */
export function add(a: Tensor | number, b: Tensor | number, options: AddOptions = {}): Tensor {
  expectOptions('add', options, OPTIONS);
  const { relu = false } = options;
  if (a instanceof Tensor && b instanceof Tensor && sameShape(a.shape, b.shape)) {
    return apply(op, { a, b }, { relu }).y;
  }
  const sum = broadcast(adding, a, b);
  return relu ? apply(reluOp, { x: sum }, {}).y : sum;
}
