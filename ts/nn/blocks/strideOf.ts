import type { Module } from '../module.ts';
import type { BlockOptions } from './blockOptions.ts';

/** How a block makes images smaller. */
interface BlockStride {
  /** Stride of the convolution. */
  readonly stride: number;
  /** What shrinks its activated result instead. */
  readonly aa?: Module;
}

/** The stride of a block's convolution, or what stands in its place. */
export const strideOf = ({ stride = 1, antialias }: BlockOptions): BlockStride =>
  antialias && stride > 1 ? { stride: 1, aa: antialias.layer(stride) } : { stride };
