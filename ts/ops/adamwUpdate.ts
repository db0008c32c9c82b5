import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';

/** Settings of the update, as in PyTorch. */
export interface AdamwUpdateAttrs {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

/** What f32 loses of a number. */
const rest = (x: number): number => x - Math.fround(x);

/**
 * One step of Adam with decoupled weight decay in place. Inputs param, grad, first and second moment of one shape (moments
 * start at zero), step (f32 `[]`, 1 in the first step) and lr `[]`; no outputs.
 *
 * Sources: Kingma and Ba, 2015; Loshchilov and Hutter, 2019, in the form of PyTorch.
 */
export const adamwUpdate: Op<AdamwUpdateAttrs> = {
  name: 'adamwUpdate',
  mutates: [0, 2, 3],
  infer([param, grad, m, v, step, lr]) {
    expectType('adamwUpdate', 'parameter', param!, 'f32');
    expectShape('adamwUpdate', 'gradient', grad!, param!.shape, 'the parameter has');
    expectShape('adamwUpdate', 'first moment', m!, param!.shape, 'the parameter has');
    expectShape('adamwUpdate', 'second moment', v!, param!.shape, 'the parameter has');
    expectAxes('adamwUpdate', 'step', step!, '');
    expectAxes('adamwUpdate', 'lr', lr!, '');
    return [];
  },
  lower(to, [param, grad, m, v, step, lr], _, { beta1, beta2, eps, weightDecay }) {
    to.step({
      kernel: 'adamwUpdate.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(param!.shape)),
      args: {
        param: param!.pointer,
        ...at('grad', grad!),
        m: m!.pointer,
        v: v!.pointer,
        step: step!.pointer,
        lr: lr!.pointer,
        ...rows(param!),
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
