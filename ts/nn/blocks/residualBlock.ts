import { sizeOf } from '../../base/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { BatchNorm2d } from '../batchNorm2d.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { assertJoins } from './assertJoins.ts';
import type { BlockOptions } from './blockOptions.ts';
import { ResidualJoin } from './residualJoin.ts';

/** A block of two or three convolutions beside a shortcut. */
export abstract class ResidualBlock extends ResidualJoin {
  /** The shortcut, named as torchvision names a projection; null in a plain block. */
  abstract readonly downsample: Module | null;

  /** F(x). */
  abstract body(x: Tensor): Tensor;

  /** Refuses shapes that do not add and starts F at 0 where asked, by its `last` layer; for the end of constructors. */
  protected finish(inChannels: number, { zeroInit }: BlockOptions, last: Module): void {
    const { downsample } = this;
    if (downsample) {
      assertJoins(
        this.constructor.name,
        (x) => this.body(x),
        (x) => downsample.forward(x),
        inChannels,
      );
    }
    if (zeroInit && (last instanceof BatchNorm2d || last instanceof Conv2d)) {
      last.weight.write(new Float32Array(sizeOf(last.weight.shape)));
    }
  }
}
