import { apply } from '../core/apply.ts';
import { state } from '../core/create.ts';
import { sgdUpdate } from '../ops/sgdUpdate.ts';
import { expectNumber } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { Optimizer, type Parameters } from './optimizer.ts';

/** Settings of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate; 0.01 by default. */
  readonly lr?: number;
  /** Share of the old direction; 0 by default. */
  readonly momentum?: number;
  /** Look ahead along the direction (Sutskever et al. 2013); false by default. */
  readonly nesterov?: boolean;
  /** λ of λ·w, added to the gradient; 0 by default. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with momentum, by PyTorch's formula: `v ← m·v + g; w ← w - lr·v`.
 *
 * @example
 * import { gradients, parameter, SGD, sumSquares } from 'residua';
 *
 * const w = parameter([2]);
 * w.write([1, 2]);
 * const optimizer = new SGD([w], { lr: 0.1, momentum: 0.9 });
 * optimizer.step(gradients(sumSquares(w), [w]));
 * console.log(w.data()); // 0.8, 1.6
 */
export class SGD extends Optimizer {
  /** As they were given, with defaults; they cannot be changed. */
  readonly options: Required<SGDOptions>;
  readonly #momenta = new Map<string, Tensor>();

  /** Throws RangeError for a setting that is no number ≥ 0, or Nesterov without momentum. */
  constructor(parameters: Parameters, options: SGDOptions = {}) {
    super(parameters, options.lr ?? 0.01);
    const { lr = 0.01, momentum = 0, nesterov = false, weightDecay = 0 } = options;
    expectNumber('SGD', 'momentum', momentum, { least: 0 });
    expectNumber('SGD', 'weightDecay', weightDecay, { least: 0 });
    if (nesterov && momentum === 0) throw new RangeError('SGD: nesterov needs a momentum above 0');
    this.options = Object.freeze({ lr, momentum, nesterov, weightDecay });
    for (const name of this.parameters.keys()) this.#momentum(name);
  }

  override state(): Map<string, Tensor> {
    return new Map([...this.#momenta].map(([name, tensor]) => [`${name}.momentum`, tensor]));
  }

  override makeState(names: Iterable<string>): void {
    for (const name of names) {
      const weight = name.replace(/\.momentum$/, '');
      if (weight !== name && this.weights.has(weight)) this.#momentum(weight);
    }
  }

  protected override update(name: string, param: Tensor, grad: Tensor): void {
    const { momentum, nesterov, weightDecay } = this.options;
    const buffer = this.#momentum(name);
    const attrs = { momentum, nesterov, weightDecay };
    apply(sgdUpdate, { param, grad, buffer, lr: this.lr }, attrs);
  }

  /** A frozen weight gets one when it is thawed. */
  #momentum(name: string): Tensor {
    let momentum = this.#momenta.get(name);
    if (!momentum) {
      momentum = state(this.weights.get(name)!.shape);
      this.#momenta.set(name, momentum);
    }
    return momentum;
  }
}
