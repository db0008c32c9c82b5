import { add } from '../../functions/add.ts';
import { dropout } from '../../functions/dropout.ts';
import { fill } from '../../functions/fill.ts';
import { multiply } from '../../functions/multiply.ts';
import { relu } from '../../functions/relu.ts';
import type { Tensor } from '../../tensor.ts';
import { BatchNorm2d } from '../batchNorm2d.ts';
import { constant } from '../initialize.ts';
import { Module } from '../module.ts';
import { dropoutState, nextStream } from '../seed.ts';
import { assertJoins } from './assertJoins.ts';
import type { Activation, BlockOptions } from './blockOptions.ts';

/** A block `F(x) + shortcut(x)`, with the options that every kind of it has. */
export abstract class ResidualBlock extends Module {
  /** The shortcut, named as torchvision names a projection; null in a plain block. */
  abstract readonly downsample: Module | null;
  /** Learned scale of the shortcut. */
  readonly skipGate?: Tensor;
  /** Learned scale of F. */
  readonly transformGate?: Tensor;
  protected readonly act: Activation;
  readonly #dropPath: number;
  readonly #stream: number;

  constructor(options: BlockOptions) {
    super();
    const { act = relu, gate, dropPath = 0 } = options;
    if (!(dropPath >= 0 && dropPath < 1)) {
      throw new RangeError(`dropPath is ${dropPath} but must be at least 0 and below 1`);
    }
    this.act = act;
    this.#dropPath = dropPath;
    this.#stream = dropPath > 0 ? nextStream().stream : 0;
    if (gate === 'skip' || gate === 'both') this.skipGate = constant([], 1);
    if (gate === 'transform' || gate === 'both') this.transformGate = constant([], 1);
  }

  /** F(x). */
  abstract body(x: Tensor): Tensor;

  /** Refuses shapes that do not add and starts the last γ at 0 where asked; for the end of constructors. */
  protected finish(inChannels: number, options: BlockOptions, last: Module): void {
    const shortcut = this.downsample;
    if (shortcut) {
      assertJoins(
        this.constructor.name,
        (x) => this.body(x),
        (x) => shortcut.forward(x),
        inChannels,
      );
    }
    if (options.zeroInit && last instanceof BatchNorm2d) {
      last.weight.write(new Float32Array(last.weight.shape[0]!));
    }
  }

  /** `F(x) + shortcut(x)`, gated and dropped as the options say. */
  protected join(x: Tensor, shortcutInput: Tensor = x): Tensor {
    const body = this.#dropped(gated(this.body(x), this.transformGate));
    if (!this.downsample) return body;
    return add(body, gated(this.downsample.forward(shortcutInput), this.skipGate));
  }

  #dropped(body: Tensor): Tensor {
    if (!this.training || this.#dropPath === 0) return body;
    const options = { p: this.#dropPath, state: dropoutState(), stream: this.#stream };
    return multiply(body, dropout(fill([], 1), options));
  }
}

function gated(branch: Tensor, gate: Tensor | undefined): Tensor {
  return gate ? multiply(branch, gate) : branch;
}
