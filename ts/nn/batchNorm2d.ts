import { apply } from '../core/apply.ts';
import { parameter, state } from '../core/create.ts';
import { batchNorm } from '../functions/batchNorm.ts';
import { expectNormSettings } from '../ops/batchNorm/norm.ts';
import { increment } from '../ops/increment.ts';
import { expectWhole } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { constant } from './initialize.ts';
import { Module } from './module.ts';

/** Settings of a {@link BatchNorm2d}. */
export interface BatchNorm2dOptions {
  /** Added to the variance; 1e-5 by default, as in PyTorch (Keras: 1e-3). */
  readonly eps?: number;
  /** Weight of the new value in the running statistics; 0.1 by default, as in PyTorch (Keras counts the old: 0.99). */
  readonly momentum?: number;
}

/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy 2015): `y = γ·(x - μ)/√(σ² + eps) + β`, with the
 * batch's mean and variance in training, the running ones (unbiased variance) otherwise or when {@link frozen}.
 *
 * @example
 * import { BatchNorm2d, tensor } from 'residua';
 *
 * const norm = new BatchNorm2d(2);
 * const y = norm.forward(tensor([0, 1, 2, 3], [1, 1, 2, 2]));
 * console.log(y.data(), norm.runningMean.data());
 */
export class BatchNorm2d extends Module {
  /** γ, `[channels]`. */
  readonly weight: Tensor;
  /** β, `[channels]`. */
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  /** How many batches the running statistics have seen. */
  readonly numBatchesTracked: Tensor;
  /** Uses running statistics in training too and does not move them. */
  frozen = false;
  /** Added to the variance. */
  eps: number;
  /** Weight of the new value in the running statistics. */
  momentum: number;

  /** Throws RangeError for a setting out of its range. */
  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    this.eps = options.eps ?? 1e-5;
    this.momentum = options.momentum ?? 0.1;
    expectWhole('BatchNorm2d', 'channels', channels);
    expectNormSettings('BatchNorm2d', this);
    this.weight = constant([channels], 1);
    this.bias = parameter([channels]);
    this.runningMean = state([channels]);
    this.runningVar = state([channels]);
    this.runningVar.write(new Float32Array(channels).fill(1));
    this.numBatchesTracked = state([], 'i32');
  }

  override forward(x: Tensor): Tensor {
    const training = this.training && !this.frozen;
    return this.here(() => {
      if (training) apply(increment, { counter: this.numBatchesTracked }, {});
      return batchNorm(x, {
        weight: this.weight,
        bias: this.bias,
        runningMean: this.runningMean,
        runningVar: this.runningVar,
        eps: this.eps,
        momentum: this.momentum,
        training,
      });
    });
  }

  override describe(): string {
    return `BatchNorm2d ${this.weight.shape[0]}`;
  }
}
