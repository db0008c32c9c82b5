import { state } from '../create.ts';
import { zipStrict } from './zipStrict.ts';
import type { Tensor } from '../tensor.ts';

/** Weights by name, or in order. */
export type Parameters = ReadonlyMap<string, Tensor> | readonly Tensor[];

/** Updates weights from gradients. Its learning rate and moments are tensors, so that a compiled step keeps them. */
export abstract class Optimizer {
  /** Weights by name. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The learning rate as the kernels read it, a scalar. */
  readonly lr: Tensor;
  /** Those that gradients flowed to at the start: only they can be frozen later. */
  readonly #trainable: ReadonlySet<Tensor>;

  constructor(parameters: Parameters, learningRate: number) {
    if (!(learningRate >= 0 && Number.isFinite(learningRate))) {
      throw new RangeError(`optimizer: lr is ${learningRate} but must be a number ≥ 0`);
    }
    this.parameters = Array.isArray(parameters)
      ? new Map((parameters as readonly Tensor[]).map((tensor, index) => [String(index), tensor]))
      : (parameters as ReadonlyMap<string, Tensor>);
    if (this.parameters.size === 0)
      throw new RangeError('optimizer: there are no parameters to update');
    this.#trainable = new Set(
      [...this.parameters.values()].filter((tensor) => tensor.requiresGrad),
    );
    this.lr = state([]);
    this.learningRate = learningRate;
  }

  /** Learning rate of the next step. */
  get learningRate(): number {
    return this.lr.item();
  }

  set learningRate(value: number) {
    this.lr.write([value]);
  }

  /** Moments and counters by name, for checkpoints. */
  abstract state(): Map<string, Tensor>;

  /** Updates one weight. */
  protected abstract update(name: string, parameter: Tensor, gradient: Tensor): void;

  /** Runs before the weights of a step are updated. */
  protected begin(): void {}

  /**
   * Updates weights by gradients in the order of {@link Optimizer.parameters}, but for those that have been frozen since.
   * Throws RangeError on another count.
   */
  step(gradients: readonly Tensor[]): void {
    this.begin();
    for (const [[name, parameter], gradient] of zipStrict([...this.parameters], gradients)) {
      const frozen = this.#trainable.has(parameter) && !parameter.requiresGrad;
      if (!frozen) this.update(name, parameter, gradient);
    }
  }

  /** Frees the moments. */
  dispose(): void {
    this.lr.dispose();
    for (const tensor of this.state().values()) tensor.dispose();
  }
}
