import type { Tensor } from './tensor.ts';

const whole = new WeakMap<object, ReadonlyMap<string, Tensor>>();

/** Notes with the weights of a module that are not frozen, `open`, all that it has, in their order. */
export function noteAll(open: ReadonlyMap<string, Tensor>, all: ReadonlyMap<string, Tensor>): void {
  if (open.size < all.size) whole.set(open, all);
}

/**
 * Weights, and those that were frozen beside them when their module gave them, in the order of the module: what an
 * optimizer must know to take up what is thawed later.
 */
export function withFrozenBeside(given: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const all = whole.get(given);
  if (!all) return given;
  const kept = [...all].filter(([name, tensor]) => given.has(name) || !tensor.requiresGrad);
  return new Map([...kept, ...given]);
}
