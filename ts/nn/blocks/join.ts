import { apply } from '../../core/apply.ts';
import type { Tensor } from '../../core/tensor.ts';
import { fill } from '../../functions/fill.ts';
import { add } from '../../ops/add.ts';
import { scaleBy } from '../../ops/dot.ts';
import { drop } from '../drop.ts';
import { nextStream } from '../seed.ts';

/** Adds F(x) and what it is added to; gives F(x) alone in a plain block. */
export type Join = (transform: Tensor, skip: Tensor | undefined) => Tensor;

/** What a join reads of its block whenever it is called. */
interface Joined {
  readonly training: boolean;
  readonly skipGate?: Tensor;
  readonly transformGate?: Tensor;
}

/**
 * `transformGate·F(x) + skipGate·shortcut(x)`. In training F(x) is left out at probability `dropPath` and scaled by
 * `1 / (1 - dropPath)` otherwise (stochastic depth, Huang et al. 2016).
 */
export function joinOf(block: Joined, dropPath: number): Join {
  const stream = dropPath > 0 ? nextStream().stream : 0;
  const dropped = (branch: Tensor): Tensor =>
    block.training && dropPath > 0 ? scaled(branch, drop(fill([], 1), dropPath, stream)) : branch;
  return (transform, skip) => {
    const kept = dropped(gated(transform, block.transformGate));
    if (!skip) return kept;
    return apply(add, { a: kept, b: gated(skip, block.skipGate) }, { relu: false }).y;
  };
}

function gated(branch: Tensor, gate: Tensor | undefined): Tensor {
  return gate ? scaled(branch, gate) : branch;
}

const scaled = (x: Tensor, s: Tensor): Tensor => apply(scaleBy, { x, s }, {}).y;
