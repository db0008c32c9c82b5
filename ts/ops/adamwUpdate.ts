import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** Settings of the update, as in PyTorch. */
export interface AdamwUpdateAttrs {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

/** Places of the inputs of {@link adamwUpdate}. */
export interface AdamwUpdateInputs {
  param: One;
  grad: One;
  m: One;
  v: One;
  step: One;
  lr: One;
}

/** What f32 loses of a number. */
const rest = (x: number): number => x - Math.fround(x);

/**
 * A step of Adam with decoupled weight decay in place: `param -= lr·weightDecay·param`, `m = beta1·m + (1 - beta1)·grad`,
 * `v = beta2·v + (1 - beta2)·grad²`, `param -= lr·m̂/(√v̂ + eps)` with `m̂ = m/(1 - beta1^step)`, `v̂ = v/(1 - beta2^step)`.
 * param, grad, m and v are of one shape, and m and v start at zero; step (f32, 1 in the first step) and lr are `[]`.
 *
 * Sources: Kingma and Ba, 2015; Loshchilov and Hutter, 2019, in the form of PyTorch.
 */
export const adamwUpdate: Op<AdamwUpdateInputs, object, AdamwUpdateAttrs> = {
  name: 'adamwUpdate',
  mutates: ['param', 'm', 'v'],
  infer({ param, grad, m, v, step, lr }) {
    expectType('adamwUpdate', 'parameter', param, 'f32');
    expectShape('adamwUpdate', 'gradient', grad, param.shape, 'the parameter has');
    expectShape('adamwUpdate', 'first moment', m, param.shape, 'the parameter has');
    expectShape('adamwUpdate', 'second moment', v, param.shape, 'the parameter has');
    expectAxes('adamwUpdate', 'step', step, '');
    expectAxes('adamwUpdate', 'lr', lr, '');
    return {};
  },
  lower(to, { param, grad, m, v, step, lr }, _, { beta1, beta2, eps, weightDecay }) {
    to.step({
      kernel: 'adamwUpdate.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(param.shape)),
      args: {
        param: param.pointer,
        ...at('grad', grad),
        m: m.pointer,
        v: v.pointer,
        step: step.pointer,
        lr: lr.pointer,
        ...rows(param),
        beta1,
        beta1Rest: rest(beta1),
        beta2,
        beta2Rest: rest(beta2),
        eps,
        weightDecay,
      },
    });
  },
};
