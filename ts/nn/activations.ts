import { checkRange, clip } from '../functions/clip.ts';
import { elu } from '../functions/elu.ts';
import { gelu, GELU_OPTIONS, type GeluOptions } from '../functions/gelu.ts';
import { hardSigmoid } from '../functions/hardSigmoid.ts';
import { hardSwish } from '../functions/hardSwish.ts';
import { leakyRelu } from '../functions/leakyRelu.ts';
import { prelu } from '../functions/prelu.ts';
import { relu6 } from '../functions/relu6.ts';
import { sigmoid } from '../functions/sigmoid.ts';
import { silu } from '../functions/silu.ts';
import { tanh } from '../functions/tanh.ts';
import { expectNumber, expectOptions, expectWhole } from '../base/settings.ts';
import { parameter } from '../core/create.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** A layer that applies a function element by element. */
abstract class Elementwise extends Module {
  protected abstract apply(x: Tensor): Tensor;

  override forward(x: Tensor): Tensor {
    return this.here(() => this.apply(x));
  }
}

/** `1 / (1 + e^-x)`. */
export class Sigmoid extends Elementwise {
  protected override apply = sigmoid;
}

/** The hyperbolic tangent. */
export class Tanh extends Elementwise {
  protected override apply = tanh;
}

/** `x · sigmoid(x)`. */
export class SiLU extends Elementwise {
  protected override apply = silu;
}

/** `min(max(x, 0), 6)`. */
export class ReLU6 extends Elementwise {
  protected override apply = relu6;
}

/** `min(max(x / 6 + 1/2, 0), 1)`. */
export class HardSigmoid extends Elementwise {
  protected override apply = hardSigmoid;
}

/** `x · min(max(x + 3, 0), 6) / 6`. */
export class HardSwish extends Elementwise {
  protected override apply = hardSwish;
}

/** `x/2 · (1 + erf(x/√2))`, or its approximation by tanh. */
export class GELU extends Elementwise {
  readonly #options: GeluOptions;

  constructor(options: GeluOptions = {}) {
    super();
    expectOptions('GELU', options, GELU_OPTIONS);
    this.#options = { ...options };
  }

  protected override apply(x: Tensor): Tensor {
    return gelu(x, this.#options);
  }
}

/** x where it is positive, else `slope · x`; slope is 0.01 by default. */
export class LeakyReLU extends Elementwise {
  readonly #slope: number;

  /** Throws RangeError when slope is no finite number. */
  constructor(slope = 0.01) {
    super();
    expectNumber('LeakyReLU', 'slope', slope);
    this.#slope = slope;
  }

  protected override apply(x: Tensor): Tensor {
    return leakyRelu(x, this.#slope);
  }
}

/** x where it is positive, else `alpha · (e^x - 1)`; alpha is 1 by default. */
export class ELU extends Elementwise {
  readonly #alpha: number;

  /** Throws RangeError when alpha is no finite number. */
  constructor(alpha = 1) {
    super();
    expectNumber('ELU', 'alpha', alpha);
    this.#alpha = alpha;
  }

  protected override apply(x: Tensor): Tensor {
    return elu(x, this.#alpha);
  }
}

/** `min(max(x, least), most)`. */
export class Clip extends Elementwise {
  readonly #range: readonly [least: number, most: number];

  /** Throws RangeError when least or most is no number, or least is greater. */
  constructor(least: number, most: number) {
    super();
    checkRange('Clip', least, most);
    this.#range = [least, most];
  }

  protected override apply(x: Tensor): Tensor {
    return clip(x, ...this.#range);
  }
}

/** x where it is positive, else `weight · x`, with one weight for all channels or one for each; they begin at 1/4, as in PyTorch. */
export class PReLU extends Elementwise {
  /** `[1]`, or `[C]`. */
  readonly weight: Tensor;

  /** Throws RangeError when channels is not a whole number ≥ 1. */
  constructor(channels = 1) {
    super();
    expectWhole('PReLU', 'channels', channels);
    this.weight = parameter([channels]);
    this.weight.write(new Array<number>(channels).fill(0.25));
  }

  protected override apply(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}
