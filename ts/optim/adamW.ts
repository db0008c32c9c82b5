import { apply } from '../apply.ts';
import { state } from '../create.ts';
import { adamwUpdate } from '../ops/adamwUpdate.ts';
import { increment } from '../ops/increment.ts';
import type { Tensor } from '../tensor.ts';
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

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101), by PyTorch's formula. */
export class AdamW extends Optimizer {
  /** As they were given, with defaults; they cannot be changed. */
  readonly options: Required<AdamWOptions>;
  readonly #first = new Map<string, Tensor>();
  readonly #second = new Map<string, Tensor>();
  readonly #count: Tensor;

  /** Throws RangeError for a setting out of its range. */
  constructor(parameters: Parameters, options: AdamWOptions = {}) {
    super(parameters, options.lr ?? 1e-3);
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01 } = options;
    if (betas.some((beta) => !(beta >= 0 && beta < 1)) || eps < 0 || weightDecay < 0) {
      throw new RangeError(
        `AdamW: betas are ${betas.join(', ')}, eps ${eps}, weightDecay ${weightDecay} but betas must be in [0, 1) ` +
          'and the others ≥ 0',
      );
    }
    this.options = Object.freeze({ lr, betas, eps, weightDecay });
    this.#count = state([]);
    for (const [name, parameter] of this.parameters) {
      this.#first.set(name, state(parameter.shape));
      this.#second.set(name, state(parameter.shape));
    }
  }

  override state(): Map<string, Tensor> {
    const named = (kind: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] =>
      [...tensors].map(([name, tensor]) => [`${name}.${kind}`, tensor]);
    return new Map([
      ...named('m', this.#first),
      ...named('v', this.#second),
      ['step', this.#count],
    ]);
  }

  protected override begin(): void {
    apply(increment, [this.#count], {});
  }

  protected override update(name: string, parameter: Tensor, gradient: Tensor): void {
    const { betas, eps, weightDecay } = this.options;
    const moments = [this.#first.get(name)!, this.#second.get(name)!];
    const attrs = { beta1: betas[0], beta2: betas[1], eps, weightDecay };
    apply(adamwUpdate, [parameter, gradient, ...moments, this.#count, this.lr], attrs);
  }
}
