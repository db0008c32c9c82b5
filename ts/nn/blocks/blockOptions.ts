import type { Tensor } from '../../tensor.ts';
import { BatchNorm2d } from '../batchNorm2d.ts';
import type { Module } from '../module.ts';

/** A function of one tensor. */
export type Activation = (x: Tensor) => Tensor;

/** Makes a normalisation for a number of channels. */
export type Norm = (channels: number) => Module;

/** PyTorch's batch norm. */
export const batchNorm2d: Norm = (channels) => new BatchNorm2d(channels);

/** Which branch of a block a learned scalar scales: explores what the block would rather be. */
export type Gate = 'skip' | 'transform' | 'both';

/** Settings of every residual block. */
export interface BlockOptions {
  /** Stride of the first 3×3 convolution; 1 by default. */
  readonly stride?: number;
  /** What is added to F(x); null for a plain block without a shortcut. */
  readonly shortcut: Module | null;
  /** Batch norm by default. */
  readonly norm?: Norm;
  /** ReLU by default. */
  readonly act?: Activation;
  /** Learned scalars, starting at 1, on a branch; none by default. */
  readonly gate?: Gate;
  /** Probability that F is left out for a training batch (stochastic depth, Huang et al. 2016); 0 by default. */
  readonly dropPath?: number;
  /** Starts the last γ of F at 0, so that the block starts as its shortcut (Goyal et al. 2017); false by default. */
  readonly zeroInit?: boolean;
}
