import { ShapeError } from '../base/errors.ts';
import { formatShape, sameShape, sizeOf } from '../base/shape.ts';
import type { Spec } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';
import { scaleBy } from './dot.ts';

/** Settings of {@link softmaxCrossEntropy}. */
export interface SoftmaxCrossEntropyAttrs {
  /** With s the target is `(1 - s)·[k = label] + s/K`. */
  readonly labelSmoothing: number;
}

/** Checks logits `[N, K]` and labels `[N]` against each other. */
export function expectLogits(op: string, logits: Spec, labels: Spec): void {
  expectAxes(op, 'logits', logits, 'NK');
  expectType(op, 'labels', labels, 'i32');
  if (!sameShape(labels.shape, [logits.shape[0]!])) {
    const facts = `labels have shape ${formatShape(labels.shape)}`;
    throw new ShapeError(
      `${op}: logits ${formatShape(logits.shape)} have ${logits.shape[0]} rows but ${facts}`,
    );
  }
}

/** Places of the inputs of {@link softmaxCrossEntropy}. */
export interface SoftmaxCrossEntropyInputs {
  logits: One;
  labels: One;
}

/** Places of the outputs of {@link softmaxCrossEntropy}. */
export interface SoftmaxCrossEntropyOutputs {
  loss: One;
  dlogits: One;
}

/**
 * Mean cross-entropy between softmax of logits `[N, K]` and labels `[N]` (i32): loss `[]`, and its gradient dlogits `[N, K]` by
 * the logits. A label out of range makes the loss NaN.
 */
export const softmaxCrossEntropy: Op<
  SoftmaxCrossEntropyInputs,
  SoftmaxCrossEntropyOutputs,
  SoftmaxCrossEntropyAttrs
> = {
  name: 'softmaxCrossEntropy',
  infer({ logits, labels }, { labelSmoothing }) {
    expectLogits('softmaxCrossEntropy', logits, labels);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      const facts = `${labelSmoothing} but must be from 0 to 1`;
      throw new RangeError(`softmaxCrossEntropy: labelSmoothing is ${facts}`);
    }
    return {
      loss: { shape: [], dtype: 'f32' },
      dlogits: { shape: logits.shape, dtype: 'f32' },
    };
  },
  lower(to, { logits, labels }, { loss, dlogits }, { labelSmoothing }) {
    const { pixels, channels } = rows(logits);
    const losses = to.workspace(8 * pixels);
    to.step({
      kernel: 'softmaxCrossEntropy.rows.f32/scalar',
      chunks: elementwiseChunks(8 * sizeOf(logits.shape)),
      args: {
        ...at('logits', logits),
        labels: labels.pointer,
        rows: pixels,
        classes: channels,
        smoothing: labelSmoothing,
        losses,
        ...at('dlogits', dlogits),
      },
    });
    to.step({
      kernel: 'softmaxCrossEntropy.mean.f32/scalar',
      chunks: 1,
      args: { losses, rows: pixels, loss: loss.pointer },
    });
  },
  gradient: (apply, { outputs: { dlogits }, dys: { loss: dloss } }) =>
    dloss ? { logits: apply(scaleBy, { x: dlogits, s: dloss }, {}).y } : {},
};
