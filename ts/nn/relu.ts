import { relu } from '../functions/relu.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** `max(x, 0)`. */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return this.here(() => relu(x));
  }
}
