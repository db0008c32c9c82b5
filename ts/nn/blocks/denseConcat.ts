import { concat } from '../../functions/concat.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Module } from '../module.ts';

/** `concat(x, body(x))` (Huang et al. 2017, arXiv:1608.06993): nothing that was found is lost, something is added. */
export class DenseConcat extends Module {
  readonly body: Module;

  constructor(body: Module) {
    super();
    this.body = body;
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => concat([x, this.body.forward(x)]));
  }
}
