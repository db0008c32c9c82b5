import { add } from '../../functions/add.ts';
import { fill } from '../../functions/fill.ts';
import { multiply } from '../../functions/multiply.ts';
import { relu } from '../../functions/relu.ts';
import { expectOneOf } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { drop } from '../drop.ts';
import { constant } from '../initialize.ts';
import { Module } from '../module.ts';
import { nextStream } from '../seed.ts';
import type { Activation, JoinOptions } from './blockOptions.ts';

/** Learned scales of a block's branches. */
export interface Gates {
  readonly skip?: number;
  readonly transform?: number;
}

/** A module that ends in `F(x) + shortcut(x)`, with gates and stochastic depth. */
export abstract class ResidualJoin extends Module {
  /** Learned scale of the shortcut, `[]`. */
  readonly skipGate?: Tensor;
  /** Learned scale of F, `[]`. */
  readonly transformGate?: Tensor;
  protected readonly act: Activation;
  readonly #dropPath: number;
  readonly #stream: number;

  /** Throws RangeError unless 0 ≤ dropPath < 1 and the gate is one that there is. */
  constructor({ act = relu, gate, dropPath = 0 }: JoinOptions) {
    super();
    if (!(dropPath >= 0 && dropPath < 1)) {
      const rule = 'must be at least 0 and below 1';
      throw new RangeError(`${this.constructor.name}: dropPath is ${dropPath} but ${rule}`);
    }
    if (gate !== undefined)
      expectOneOf(this.constructor.name, 'gate', gate, ['skip', 'transform', 'both']);
    this.act = act;
    this.#dropPath = dropPath;
    this.#stream = dropPath > 0 ? nextStream().stream : 0;
    if (gate === 'skip' || gate === 'both') this.skipGate = constant([], 1);
    if (gate === 'transform' || gate === 'both') this.transformGate = constant([], 1);
  }

  /** What the gates have learned; empty for a block without. */
  gates(): Gates {
    return {
      ...(this.skipGate && { skip: this.skipGate.item() }),
      ...(this.transformGate && { transform: this.transformGate.item() }),
    };
  }

  override describe(): string {
    const gates = Object.entries(this.gates());
    return [
      this.constructor.name,
      ...gates.map(([branch, scale]) => `${branch} × ${scale.toPrecision(3)}`),
    ].join(', ');
  }

  /** `body + skip`, gated and dropped as the options say; without a skip: the body. */
  protected join(body: Tensor, skip: Tensor | undefined): Tensor {
    const transformed = this.#dropped(gated(body, this.transformGate));
    return skip ? add(transformed, gated(skip, this.skipGate)) : transformed;
  }

  #dropped(body: Tensor): Tensor {
    if (!this.training || this.#dropPath === 0) return body;
    return multiply(body, drop(fill([], 1), this.#dropPath, this.#stream));
  }
}

function gated(branch: Tensor, gate: Tensor | undefined): Tensor {
  return gate ? multiply(branch, gate) : branch;
}
