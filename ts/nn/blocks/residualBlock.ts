import { relu } from '../../functions/relu.ts';
import { expectOneOf } from '../../base/settings.ts';
import { formatShape } from '../../base/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { constant } from '../initialize.ts';
import { Module } from '../module.ts';
import type { Activation, JoinOptions } from './blockOptions.ts';
import { joinOf, type Join } from './join.ts';

/** What the two branches of a block give. */
export interface Branches {
  /** F(x). */
  readonly transform: Tensor;
  /** What F(x) is added to; undefined in a plain block. */
  readonly skip: Tensor | undefined;
}

/** Learned scales of a block's branches. */
export interface Gates {
  readonly skip?: number;
  readonly transform?: number;
}

/**
 * A block with a shortcut: `act(F(x) + shortcut(x))` (He et al. 2015, arXiv:1512.03385). A block of one's own says in
 * {@link ResidualBlock.branches} what F and the shortcut are; gates and stochastic depth come with it.
 *
 * @example
 * ```ts
 * import { BatchNorm2d, Conv2d, init, noGrad, ResidualBlock, through, zeros } from 'residua';
 *
 * class SeparableBlock extends ResidualBlock {
 *   conv1 = new Conv2d(8, 8, { kernelSize: 3, padding: 1, groups: 8 });
 *   conv2 = new Conv2d(8, 8, { kernelSize: 1, bias: false });
 *   bn = new BatchNorm2d(8);
 *
 *   branches(x) {
 *     return { transform: through(x, this.conv1, this.act, this.conv2, this.bn), skip: x };
 *   }
 * }
 *
 * await init();
 * const block = new SeparableBlock({ gate: 'skip', dropPath: 0.1 });
 * console.log(noGrad(() => block.forward(zeros([1, 6, 6, 8]))).shape); // [1, 6, 6, 8]
 * console.log(block.gates()); // { skip: 1 }
 * ```
 */
export abstract class ResidualBlock extends Module {
  /** Learned scale of the shortcut, `[]`. */
  readonly skipGate?: Tensor;
  /** Learned scale of F, `[]`. */
  readonly transformGate?: Tensor;
  /** The activation within F. */
  protected readonly act: Activation;
  /** Adds F(x) and the shortcut, gated and dropped as the options say. */
  protected readonly join: Join;
  readonly #after: Activation;

  /**
   * @param options how the branches come together
   * @param after what the sum goes through: the activation, unless that stands in front
   * @throws RangeError unless 0 ≤ dropPath < 1 and the gate is one that there is
   */
  constructor(options: JoinOptions = {}, after: Activation = options.act ?? relu) {
    super();
    const { act = relu, gate, dropPath = 0 } = options;
    if (!(dropPath >= 0 && dropPath < 1)) {
      const rule = 'must be at least 0 and below 1';
      throw new RangeError(`${this.constructor.name}: dropPath is ${dropPath} but ${rule}`);
    }
    if (gate !== undefined)
      expectOneOf(this.constructor.name, 'gate', gate, ['skip', 'transform', 'both']);
    this.act = act;
    this.#after = after;
    this.join = joinOf(this, dropPath);
    if (gate === 'skip' || gate === 'both') this.skipGate = constant([], 1);
    if (gate === 'transform' || gate === 'both') this.transformGate = constant([], 1);
  }

  /** F(x), and what it is added to; a block with a `forward` of its own needs none. */
  protected branches(x: Tensor): Branches {
    throw new TypeError(
      `${this.constructor.name}: got ${formatShape(x.shape)} but has neither branches(x) nor its own forward(x)`,
    );
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => {
      const { transform, skip } = this.branches(x);
      return this.#after(this.join(transform, skip));
    });
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
}
