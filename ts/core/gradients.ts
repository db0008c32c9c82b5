import { formatShape, sizeOf } from '../base/shape.ts';
import { add } from '../ops/add.ts';
import { fill } from '../ops/fill.ts';
import { entries, items, mapTree } from '../ops/places.ts';
import { apply, named } from './apply.ts';
import { scope } from './scope.ts';
import { noGrad, walkBack, type TapeEntry } from './tape.ts';
import type { Tensor } from './tensor.ts';

/** Entries that lead to the loss, latest first. */
function entriesOf(loss: Tensor): TapeEntry[] {
  const found = new Set<TapeEntry>();
  const open = [loss];
  for (let tensor = open.pop(); tensor; tensor = open.pop()) {
    const entry = tensor.creator;
    if (!entry || found.has(entry)) continue;
    found.add(entry);
    open.push(...items(entry.inputs).filter((input) => input.requiresGrad));
  }
  return [...found].sort((a, b) => b.order - a.order);
}

const absent = new WeakSet<Tensor>();
/** What gradients are by: one may be that of several tensors. */
const origins = new WeakMap<Tensor, Set<Tensor>>();

/** Whether a gradient can be that by a tensor: one that {@link gradients} gave is not that by any other. */
export const mayBeBy = (gradient: Tensor, tensor: Tensor): boolean =>
  origins.get(gradient)?.has(tensor) ?? true;

/** Whether a gradient is the zeros that stand for none: the loss does not depend on its tensor, or that is frozen. */
export const isAbsent = (gradient: Tensor): boolean => absent.has(gradient);

function noGradient({ shape }: Tensor): Tensor {
  const { y: zeros } = apply(fill, {}, { shape, value: 0 });
  absent.add(zeros);
  return zeros;
}

/**
 * Gradients of a scalar loss by each of the tensors, in their order and shapes; zeros where the loss does not depend on one,
 * which an optimizer then leaves as it is.
 *
 * @throws RangeError when the loss has more than one element; Error when nothing was recorded.
 * @example
 * import { gradients, multiply, parameter, sumSquares, tensor } from 'residua';
 *
 * const w = parameter([2]);
 * w.write([1, 1]);
 * const x = tensor([3, 4], [2]);
 * const [dw] = gradients(sumSquares(multiply(w, x)), [w]);
 * console.log(dw.data()); // 18, 32
 */
export function gradients(loss: Tensor, tensors: readonly Tensor[]): Tensor[] {
  if (sizeOf(loss.shape) !== 1) {
    throw new RangeError(
      `gradients: the loss is ${formatShape(loss.shape)} but must have one element`,
    );
  }
  if (!loss.creator)
    throw new Error('gradients: the loss does not depend on a tensor that requires them');
  return noGrad(() => scope(() => walkBack(() => backward(loss, tensors))));
}

function backward(loss: Tensor, tensors: readonly Tensor[]): Tensor[] {
  const found = new Map<Tensor, Tensor>();
  found.set(loss, apply(fill, {}, { shape: loss.shape, value: 1 }).y);
  for (const { op, inputs, outputs, attrs, path } of entriesOf(loss)) {
    const dys = mapTree(outputs, (y) => found.get(y));
    if (items(dys).length === 0) continue;
    const needs = mapTree(inputs, (input) => input.requiresGrad);
    const context = { inputs, outputs, dys, attrs, needs };
    named(path, () => {
      const dxs = new Map(entries(op.gradient?.<Tensor>(apply, context) ?? {}));
      for (const [name, input] of entries(inputs)) {
        const dx = dxs.get(name);
        if (!input.requiresGrad || !dx) continue;
        const sum = found.get(input);
        found.set(input, sum ? apply(add, { a: sum, b: dx }, { relu: false }).y : dx);
      }
    });
  }
  return tensors.map((tensor) => {
    const gradient = found.get(tensor) ?? noGradient(tensor);
    const of = origins.get(gradient) ?? new Set();
    origins.set(gradient, of.add(tensor));
    return gradient;
  });
}
