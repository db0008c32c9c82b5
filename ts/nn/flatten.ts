import { reshape } from '../functions/reshape.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** `[N, H, W, C]` → `[N, H·W·C]`, the channels of a pixel together. */
export class Flatten extends Module {
  override forward(x: Tensor): Tensor {
    const [batch = 1, ...rest] = x.shape;
    return this.here(() => reshape(x, [batch, rest.reduce((size, axis) => size * axis, 1)]));
  }
}
