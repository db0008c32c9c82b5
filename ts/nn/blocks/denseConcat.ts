import { concatChannels } from '../../functions/concatChannels.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Module } from '../module.ts';

/**
 * `concat(x, body(x))` (Huang et al. 2017, arXiv:1608.06993): nothing that was found is lost, something is added.
 * `[N, H, W, C]` → `[N, H, W, C + C']` for a body that gives C' channels.
 *
 * @example
 * ```ts
 * import { Conv2d, DenseConcat, init, noGrad, zeros } from 'residua';
 *
 * await init();
 * const block = new DenseConcat(new Conv2d(4, 3, { kernelSize: 3, padding: 1 }));
 * console.log(noGrad(() => block.forward(zeros([1, 6, 6, 4]))).shape); // [1, 6, 6, 7]
 * ```
 */
export class DenseConcat extends Module {
  readonly body: Module;

  constructor(body: Module) {
    super();
    this.body = body;
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => concatChannels([x, this.body.forward(x)]));
  }
}
