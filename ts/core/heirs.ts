import type { Tensor } from './tensor.ts';

const heirs = new WeakMap<Tensor, Tensor>();

/** Notes that a network has another weight in the place of one that it had. */
export function noteHeir(old: Tensor, fresh: Tensor): void {
  heirs.set(old, fresh);
}

/** The weight that is in a network now where this one was; itself, if it was never replaced. */
export function heirOf(weight: Tensor): Tensor {
  let last = weight;
  for (let next = heirs.get(last); next; next = heirs.get(last)) last = next;
  return last;
}
