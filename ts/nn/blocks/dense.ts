import { recomputed } from '../../core/apply.ts';
import { concatChannels } from '../../functions/concatChannels.ts';
import { relu } from '../../functions/relu.ts';
import { expectOptions, expectWhole, type OptionNames } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { BatchNorm2d } from '../batchNorm2d.ts';
import { Conv2d } from '../conv2d.ts';
import { Dropout } from '../dropout.ts';
import { Module } from '../module.ts';
import { AvgPool2d } from '../pooling.ts';
import { Sequential } from '../sequential.ts';
import { through } from '../through.ts';

/** Settings of a {@link DenseLayer}. */
export interface DenseLayerOptions {
  /** Channels that it adds: k. */
  readonly growth: number;
  /** Width of the 1×1 bottleneck in multiples of k; 0 for none. 4 by default. */
  readonly bottleneck?: number;
  /** Probability of dropping what it adds, in training; 0 by default. */
  readonly dropout?: number;
  /**
   * In compiled training, computes what the layer has inside again for its gradient instead of keeping it (Pleiss et al.
   * 2017, arXiv:1707.06990): the same numbers in less memory and more time. False by default.
   */
  readonly memoryEfficient?: boolean;
}

const OPTIONS: OptionNames<DenseLayerOptions> = {
  growth: 1,
  bottleneck: 1,
  dropout: 1,
  memoryEfficient: 1,
};

/**
 * What a dense block adds at each layer: BN-ReLU-1×1-BN-ReLU-3×3, or BN-ReLU-3×3 without a bottleneck (Huang et al.
 * 2017). `[N, H, W, inChannels]` → `[N, H, W, growth]`.
 *
 * @example
 * ```ts
 * import { DenseLayer, init, noGrad, zeros } from 'residua';
 *
 * await init();
 * const layer = new DenseLayer(6, { growth: 2 });
 * console.log(noGrad(() => layer.forward(zeros([1, 4, 4, 6]))).shape); // [1, 4, 4, 2]
 * ```
 */
export class DenseLayer extends Module {
  readonly norm1: BatchNorm2d;
  readonly conv1: Conv2d;
  readonly norm2?: BatchNorm2d;
  readonly conv2?: Conv2d;
  readonly dropout: Dropout;
  readonly #memoryEfficient: boolean;

  constructor(inChannels: number, options: DenseLayerOptions) {
    super();
    expectOptions('DenseLayer', options, OPTIONS);
    const { growth, bottleneck = 4, dropout = 0 } = options;
    expectWhole('DenseLayer', 'growth', growth);
    expectWhole('DenseLayer', 'bottleneck', bottleneck, 0);
    this.#memoryEfficient = options.memoryEfficient ?? false;
    const spatial = { kernelSize: 3, padding: 1, bias: false };
    this.norm1 = new BatchNorm2d(inChannels);
    if (bottleneck > 0) {
      this.conv1 = new Conv2d(inChannels, bottleneck * growth, { kernelSize: 1, bias: false });
      this.norm2 = new BatchNorm2d(bottleneck * growth);
      this.conv2 = new Conv2d(bottleneck * growth, growth, spatial);
    } else {
      this.conv1 = new Conv2d(inChannels, growth, spatial);
    }
    this.dropout = new Dropout(dropout);
  }

  override forward(x: Tensor): Tensor {
    return this.#memoryEfficient ? recomputed(() => this.#added(x)) : this.#added(x);
  }

  #added(x: Tensor): Tensor {
    const narrow = through(x, this.norm1, relu, this.conv1); // [N, H, W, bottleneck·growth]
    const added = this.norm2 && this.conv2 ? through(narrow, this.norm2, relu, this.conv2) : narrow;
    return this.dropout.forward(added); // [N, H, W, growth]
  }
}

/**
 * `x ← concat(x, layer(x))` for each layer: `[N, H, W, C]` → `[N, H, W, C + layers·growth]`.
 *
 * @example
 * ```ts
 * import { DenseBlock, DenseLayer, init, noGrad, zeros } from 'residua';
 *
 * await init();
 * const block = new DenseBlock(new DenseLayer(6, { growth: 2 }), new DenseLayer(8, { growth: 2 }));
 * console.log(noGrad(() => block.forward(zeros([1, 4, 4, 6]))).shape); // [1, 4, 4, 10]
 * ```
 */
export class DenseBlock extends Sequential {
  override forward(x: Tensor): Tensor {
    return [...this.layers.values()].reduce(
      (features, layer) => concatChannels([features, layer.forward(features)]),
      x,
    );
  }
}

/**
 * BN-ReLU-1×1 and 2×2 average pooling: halves the image and compresses the channels (Huang et al. 2017).
 * `[N, H, W, inChannels]` → `[N, H / 2, W / 2, outChannels]`.
 *
 * @example
 * ```ts
 * import { init, noGrad, Transition, zeros } from 'residua';
 *
 * await init();
 * const transition = new Transition(6, 3);
 * console.log(noGrad(() => transition.forward(zeros([1, 4, 4, 6]))).shape); // [1, 2, 2, 3]
 * ```
 */
export class Transition extends Module {
  readonly norm: BatchNorm2d;
  readonly conv: Conv2d;
  readonly pool: AvgPool2d;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.norm = new BatchNorm2d(inChannels);
    this.conv = new Conv2d(inChannels, outChannels, { kernelSize: 1, bias: false });
    this.pool = new AvgPool2d({ kernelSize: 2 });
  }

  override forward(x: Tensor): Tensor {
    return through(x, this.norm, relu, this.conv, this.pool);
  }
}
