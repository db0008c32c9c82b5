import { onEngine } from '../core/init.ts';
import { heirOf } from '../core/heirs.ts';
import { dispose } from '../base/symbols.ts';
import type { Shape } from '../base/shape.ts';
import { state } from '../core/create.ts';
import { withFrozenBeside } from '../core/frozenBeside.ts';
import { expectNumber } from '../base/settings.ts';
import { isAbsent, mayBeBy } from '../core/gradients.ts';
import { zipStrict } from './zipStrict.ts';
import type { Tensor } from '../core/tensor.ts';

/** Weights by name, or in order. */
export type Parameters = ReadonlyMap<string, Tensor> | readonly Tensor[];

/** Updates weights from gradients. Its learning rate and moments are tensors, so that a compiled step keeps them. */
export abstract class Optimizer implements Disposable {
  readonly #parameters: Map<string, Tensor>;
  /** The learning rate as the kernels read it, a scalar. */
  readonly lr: Tensor;
  readonly #weights: Map<string, Tensor>;

  /** Goes up when state is added that a step which was compiled before does not know. */
  revision = 0;

  /** Throws RangeError without parameters, for one that is given twice, or a rate that is no number ≥ 0. */
  constructor(parameters: Parameters, learningRate: number) {
    expectNumber('optimizer', 'lr', learningRate, { least: 0 });
    const given = Array.isArray(parameters)
      ? new Map((parameters as readonly Tensor[]).map((tensor, index) => [String(index), tensor]))
      : (parameters as ReadonlyMap<string, Tensor>);
    if (given.size === 0) throw new RangeError('optimizer: there are no parameters to update');
    expectDifferent(given);
    this.#parameters = ofToday(given);
    this.#weights = ofToday(withFrozenBeside(given));
    this.lr = this.newState([]);
    this.learningRate = learningRate;
  }

  /** Weights by name: those that it was given, or what a network has in their place since `resetHead`. */
  get parameters(): ReadonlyMap<string, Tensor> {
    this.#follow();
    return this.#parameters;
  }

  /** Those, and what their module had frozen beside them, in its order: thawed weights are updated, too. */
  get weights(): ReadonlyMap<string, Tensor> {
    this.#follow();
    return this.#weights;
  }

  /** Learning rate of the next step. Throws RangeError for one that is no number ≥ 0. */
  get learningRate(): number {
    return this.lr.item();
  }

  set learningRate(value: number) {
    expectNumber('optimizer', 'learningRate', value, { least: 0 });
    this.lr.write([value]);
  }

  /** Moments and counters by name, for checkpoints. */
  abstract state(): Map<string, Tensor>;

  /** Makes room for moments and counters of these names, as a checkpoint has them, where there is none yet. */
  makeState(names: Iterable<string>): void {
    void names;
  }

  /** Begins the moments of a weight anew, as it was replaced. */
  protected renew(name: string): void {
    void name;
  }

  #follow(): void {
    for (const [name, weight] of this.#weights) {
      const heir = heirOf(weight);
      if (heir === weight) continue;
      this.#weights.set(name, heir);
      if (this.#parameters.has(name)) this.#parameters.set(name, heir);
      this.renew(name);
      this.revision++;
    }
  }

  /** Zeros of this shape, on the engine of the weights. */
  protected newState(shape: Shape): Tensor {
    const [first] = this.parameters.values();
    return onEngine(first!.engine, () => state(shape));
  }

  /** Updates one weight. */
  protected abstract update(name: string, parameter: Tensor, gradient: Tensor): void;

  /** Runs before the weights of a step are updated; others stay as they are. */
  protected begin(updated: ReadonlySet<string>): void {
    void updated;
  }

  /**
   * Updates weights by gradients, given in the order of {@link Optimizer.parameters}, of {@link Optimizer.weights} or of
   * those weights that are not frozen. A weight that is frozen, or that the loss does not depend on, stays as it is, its
   * moments too, as in PyTorch. Throws RangeError on another count or order.
   */
  step(gradients: readonly Tensor[]): void {
    const lists = [this.parameters, this.weights, new Map([...this.weights].filter(isOpen))];
    const named = lists.find((list) => areBy(gradients, [...list.values()]));
    const { size } = this.parameters;
    if (!named && gradients.length === size) {
      throw new RangeError(
        `optimizer: the ${size} gradients are by other tensors than its parameters, or in another order`,
      );
    }
    const updated = zipStrict([...(named ?? this.parameters)], gradients).filter(
      ([weight, gradient]) => isOpen(weight) && !isAbsent(gradient),
    );
    this.begin(new Set(updated.map(([[name]]) => name)));
    for (const [[name, parameter], gradient] of updated) this.update(name, parameter, gradient);
  }

  /** Frees the moments. */
  dispose(): void {
    this.lr.dispose();
    for (const tensor of this.state().values()) tensor.dispose();
  }

  [dispose](): void {
    this.dispose();
  }
}

/** Throws RangeError where two names are of one tensor, which would be updated for each of them. */
function expectDifferent(given: ReadonlyMap<string, Tensor>): void {
  const names = new Map<Tensor, string>();
  for (const [name, tensor] of given) {
    const other = names.get(tensor);
    if (other !== undefined)
      throw new RangeError(`optimizer: parameters ${other} and ${name} are one tensor`);
    names.set(tensor, name);
  }
}

/** Whether a weight is not frozen; tensors that gradients never flowed to are updated as they are told. */
const isOpen = ([, tensor]: readonly [string, Tensor]): boolean =>
  tensor.requiresGrad || !tensor.trainable;

const areBy = (gradients: readonly Tensor[], weights: readonly Tensor[]): boolean =>
  gradients.length === weights.length && weights.every((by, i) => mayBeBy(gradients[i]!, by));

/** The weights that are there now. */
const ofToday = (weights: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map([...weights].map(([name, weight]) => [name, heirOf(weight)]));
