import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** Settings of the update, as in PyTorch. */
export interface SgdUpdateAttrs {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** Places of the inputs of {@link sgdUpdate}. */
export interface SgdUpdateInputs {
  param: One;
  grad: One;
  buffer: One;
  lr: One;
}

/**
 * One step of stochastic gradient descent in place: `g = grad + weightDecay·param`, `buffer = momentum·buffer + g`,
 * `param -= lr·buffer`, or with Nesterov's momentum `param -= lr·(g + momentum·buffer)`. param, grad and buffer are of one
 * shape, and the buffer starts at zero; lr is `[]`.
 *
 * Source: Sutskever et al., 2013, in the form of PyTorch.
 */
export const sgdUpdate: Op<SgdUpdateInputs, object, SgdUpdateAttrs> = {
  name: 'sgdUpdate',
  mutates: ['param', 'buffer'],
  infer({ param, grad, buffer, lr }) {
    expectType('sgdUpdate', 'parameter', param, 'f32');
    expectShape('sgdUpdate', 'gradient', grad, param.shape, 'the parameter has');
    expectShape('sgdUpdate', 'momentum buffer', buffer, param.shape, 'the parameter has');
    expectAxes('sgdUpdate', 'lr', lr, '');
    return {};
  },
  lower(to, { param, grad, buffer, lr }, _, { momentum, nesterov, weightDecay }) {
    to.step({
      kernel: 'sgdUpdate.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(param.shape)),
      args: {
        param: param.pointer,
        ...at('grad', grad),
        buffer: buffer.pointer,
        lr: lr.pointer,
        ...rows(param),
        momentum,
        weightDecay,
        nesterov: Number(nesterov),
      },
    });
  },
};
