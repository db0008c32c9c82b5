import type { Tensor } from '../../core/tensor.ts';
import { BatchNorm2d } from '../batchNorm2d.ts';
import { Identity } from '../identity.ts';
import type { Module } from '../module.ts';
import { type OptionNames } from '../../base/settings.ts';

/** A function of one tensor. */
export type Activation = (x: Tensor) => Tensor;

/** No activation. */
export const identity: Activation = (x) => x;

/** Makes a normalisation for a number of channels. */
export type Norm = (channels: number) => Module;

/** PyTorch's batch norm. */
export const batchNorm2d: Norm = (channels) => new BatchNorm2d(channels);

/** Keras's batch norm: eps 1e-3, and its momentum 0.99 of the old value is 0.01 of the new. */
export const kerasBatchNorm2d: Norm = (channels) =>
  new BatchNorm2d(channels, { eps: 1e-3, momentum: 0.01 });

/** Makes what scales the channels of F, such as `squeezeExcite`, for their number. */
export type Attention = (channels: number) => Module;

/** How images become smaller without aliasing, such as `blurPool`. */
export interface Antialias {
  /** What a block has in the place of a stride: `[N, H, W, C]` → `[N, ⌈H / stride⌉, ⌈W / stride⌉, C]`. */
  readonly layer: (stride: number) => Module;
  /** What a network has in the place of the max pooling behind its stem: `[N, H, W, C]` → half of the size. */
  readonly stemPool: Activation;
}

/** No normalisation. */
export const noNorm: Norm = () => new Identity();

/** Which branch of a block a learned scalar scales: explores what the block would rather be. */
export type Gate = 'skip' | 'transform' | 'both';

/** How F(x) and its shortcut come together. */
export interface JoinOptions {
  /** ReLU by default. */
  readonly act?: Activation;
  /** Learned scalars, starting at 1, on a branch; none by default. */
  readonly gate?: Gate;
  /** Probability that F is left out for a training batch (stochastic depth, Huang et al. 2016); 0 by default. */
  readonly dropPath?: number;
}

/** Settings of every residual block. */
export interface BlockOptions extends JoinOptions {
  /** Stride of the first 3×3 convolution; 1 by default. */
  readonly stride?: number;
  /**
   * What is added to F(x): kind B by default, a 1×1 projection where the stride is not 1 or the channels change; null
   * for a plain block without a shortcut.
   */
  readonly shortcut?: Module | null;
  /** Batch norm by default. */
  readonly norm?: Norm;
  /** Adds a bias to the convolutions of F; false by default, as a normalisation follows. */
  readonly bias?: boolean;
  /** Zeros around the 3×3 convolutions: 1 on each side (the default), or TensorFlow's rule. */
  readonly padding?: 1 | 'same';
  /**
   * Starts the block as its shortcut: the last γ of F is 0 (Goyal et al. 2017), or the last convolution where the
   * normalisation stands in front of it. False by default.
   */
  readonly zeroInit?: boolean;
  /** Scales the channels of F by their means: `squeezeExcite` or `efficientChannelAttention`; none by default. */
  readonly attention?: Attention;
  /**
   * Shrinks images behind the 3×3 convolution that would have the stride, after its activation: `blurPool` or `averagePool`; none
   * by default.
   */
  readonly antialias?: Antialias;
}

/** All of {@link JoinOptions}. */
export const JOIN_OPTIONS: OptionNames<JoinOptions> = { act: 1, gate: 1, dropPath: 1 };

/** All of {@link BlockOptions}. */
export const BLOCK_OPTIONS: OptionNames<BlockOptions> = {
  ...JOIN_OPTIONS,
  stride: 1,
  shortcut: 1,
  norm: 1,
  bias: 1,
  padding: 1,
  zeroInit: 1,
  attention: 1,
  antialias: 1,
};
