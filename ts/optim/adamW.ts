import { apply } from '../core/apply.ts';
import { state } from '../core/create.ts';
import { adamwUpdate } from '../ops/adamwUpdate.ts';
import { increment } from '../ops/increment.ts';
import { expectNumber, shown } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { Optimizer, type Parameters } from './optimizer.ts';

/** Settings of {@link AdamW}. */
export interface AdamWOptions {
  /** Learning rate; 1e-3 by default. */
  readonly lr?: number;
  /** Shares of the old moments; [0.9, 0.999] by default. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8 by default. */
  readonly eps?: number;
  /** λ of the decoupled decay `w ← w - lr·λ·w`; 0.01 by default. */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101), by PyTorch's formula.
 *
 * @example
 * import { AdamW, gradients, parameter, sumSquares } from 'residua';
 *
 * const w = parameter([2]);
 * w.write([1, 2]);
 * const optimizer = new AdamW([w], { lr: 0.1, weightDecay: 0 });
 * optimizer.step(gradients(sumSquares(w), [w]));
 * console.log(w.data()); // near 0.9, 1.9
 */
export class AdamW extends Optimizer {
  /** As they were given, with defaults; they cannot be changed. */
  readonly options: Required<AdamWOptions>;
  readonly #moments = new Map<string, readonly [first: Tensor, second: Tensor]>();
  /** Steps done. */
  readonly #count: Tensor;
  /** Steps done of weights that have missed some, as they were frozen: their moments are younger than the others'. */
  readonly #counts = new Map<string, Tensor>();

  /** Throws RangeError for a setting out of its range. */
  constructor(parameters: Parameters, options: AdamWOptions = {}) {
    super(parameters, options.lr ?? 1e-3);
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01 } = options;
    if (betas.length !== 2)
      throw new RangeError(`AdamW: betas are ${shown(betas)} but must be two numbers`);
    for (const beta of betas) expectNumber('AdamW', 'a beta', beta, { least: 0, below: 1 });
    expectNumber('AdamW', 'eps', eps, { least: 0 });
    expectNumber('AdamW', 'weightDecay', weightDecay, { least: 0 });
    this.options = Object.freeze({ lr, betas, eps, weightDecay });
    this.#count = state([]);
    for (const name of this.parameters.keys()) this.#momentsOf(name);
  }

  override state(): Map<string, Tensor> {
    const named = (kind: string, index: 0 | 1): [string, Tensor][] =>
      [...this.#moments].map(([name, pair]) => [`${name}.${kind}`, pair[index]]);
    return new Map([
      ...named('m', 0),
      ...named('v', 1),
      ['step', this.#count],
      ...[...this.#counts].map(([name, count]): [string, Tensor] => [`${name}.step`, count]),
    ]);
  }

  override makeState(names: Iterable<string>): void {
    for (const name of names) {
      const [, weight, kind] = /^(.*)\.(m|v|step)$/.exec(name) ?? [];
      if (weight === undefined || !this.weights.has(weight)) continue;
      if (kind === 'step') this.#ownCount(weight);
      else this.#momentsOf(weight);
    }
  }

  protected override begin(updated: ReadonlySet<string>): void {
    for (const name of this.weights.keys()) if (!updated.has(name)) this.#ownCount(name);
    apply(increment, { counter: this.#count }, {});
    for (const [name, counter] of this.#counts) {
      if (updated.has(name)) apply(increment, { counter }, {});
    }
  }

  protected override update(name: string, param: Tensor, grad: Tensor): void {
    const { betas, eps, weightDecay } = this.options;
    const step = this.#counts.get(name) ?? this.#count;
    const [m, v] = this.#momentsOf(name);
    const attrs = { beta1: betas[0], beta2: betas[1], eps, weightDecay };
    apply(adamwUpdate, { param, grad, m, v, step, lr: this.lr }, attrs);
  }

  /** A frozen weight gets them when it is thawed. */
  #momentsOf(name: string): readonly [Tensor, Tensor] {
    let moments = this.#moments.get(name);
    if (!moments) {
      const { shape } = this.weights.get(name)!;
      moments = [state(shape), state(shape)];
      this.#moments.set(name, moments);
    }
    return moments;
  }

  /** Lets a weight count its own steps from now on. */
  #ownCount(name: string): void {
    if (this.#counts.has(name)) return;
    const count = state([]);
    count.write(this.#count.data());
    this.#counts.set(name, count);
    this.revision++;
  }
}
