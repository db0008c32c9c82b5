import { ShapeError } from '../../base/errors.ts';
import type { Pointer } from '../../kernels/step.ts';
import { expectNumber } from '../../base/settings.ts';
import { bytesOf, channelsOf, formatShape, pixelsOf, sizeOf } from '../../base/shape.ts';
import type { Spec } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { momentParts } from './channelMoments.ts';
import { channelChunks, elementwiseChunks } from '../chunks.ts';
import { expectPerChannel, expectShape, expectType } from '../expect.ts';
import type { Lowering, Op, View } from '../op.ts';

/** `eps` is added to the variance; `relu` clips y at 0 in the same pass. */
export interface BatchNormAttrs {
  readonly eps: number;
  readonly relu: boolean;
}

/** `momentum` is the weight of the new value in the running statistics, as in PyTorch. */
export interface BatchNormTrainAttrs extends BatchNormAttrs {
  readonly momentum: number;
}

/** `relu` clips y at 0 in the same pass. */
export interface BatchNormApplyAttrs {
  readonly relu: boolean;
}

/** What {@link batchNormBackward} reads beyond dy, x, gamma, mean and rstd, in this order. */
export interface BatchNormBackwardAttrs {
  /**
   * Where dy counts: where y, an input, is positive; where it was before a ReLU clipped it, computed again from x and
   * beta, an input; or everywhere.
   */
  readonly mask: 'y' | 'beta' | 'none';
  /** The last input is added to dx. */
  readonly residual: boolean;
}

/** `bias`: the convolution has one, as input 1. */
export interface FoldBatchNormAttrs {
  readonly eps: number;
  readonly bias: boolean;
}

const perChannelNames = ['gamma', 'beta', 'running mean', 'running variance'];

/** Checks x and the tensors that have one value for each of its channels. */
function expectStatistics(
  op: string,
  x: Spec,
  others: readonly Spec[],
  names: readonly string[],
): void {
  expectType(op, 'input', x, 'f32');
  names.forEach((name, index) => expectPerChannel(op, name, others[index]!, x));
}

/** Throws RangeError unless eps and momentum are in their ranges. */
export function expectNormSettings(
  place: string,
  { eps, momentum = 0 }: { readonly eps: number; readonly momentum?: number },
): void {
  expectNumber(place, 'eps', eps, { least: 0 });
  expectNumber(place, 'momentum', momentum, { least: 0, most: 1 });
}

/**
 * Batch norm by the statistics of the batch, `y = gamma·(x - mean)·rstd + beta` with the biased variance; the running
 * variance takes the unbiased one. Inputs x `[…, C]`, gamma, beta, running mean, running variance `[C]`; outputs y,
 * mean `[C]`, rstd `[C]`.
 *
 * Source: Ioffe and Szegedy, 2015.
 */
export const batchNormTrain: Op<BatchNormTrainAttrs> = {
  name: 'batchNormTrain',
  mutates: [3, 4],
  inPlace: [[0, 0]],
  infer([x, ...others], attrs) {
    expectNormSettings('batchNorm', attrs);
    expectStatistics('batchNorm', x!, others, perChannelNames);
    const pixels = pixelsOf(x!.shape);
    if (pixels < 2) {
      const facts = `input ${formatShape(x!.shape)} has ${pixels}`;
      throw new ShapeError(
        `batchNorm: expected more than 1 value per channel in training but ${facts}`,
      );
    }
    const perChannel: Spec = { shape: [channelsOf(x!.shape)], dtype: 'f32' };
    return [{ shape: x!.shape, dtype: 'f32' }, perChannel, perChannel];
  },
  lower(to, [x, gamma, beta, runningMean, runningVar], [y, mean, rstd], { eps, momentum, relu }) {
    const parts = momentParts(x!);
    const partials = to.workspace(2 * bytesOf(mean!) * parts);
    const scale = to.workspace(bytesOf(mean!));
    to.step({
      kernel: 'batchNorm.partials.f32/simd',
      chunks: parts,
      args: { ...at('x', x!), ...rows(x!), partials },
    });
    to.step({
      kernel: 'batchNorm.statistics.f32/scalar',
      chunks: channelChunks(x!),
      args: {
        partials,
        parts,
        ...rows(x!),
        gamma: gamma!.pointer,
        runningMean: runningMean!.pointer,
        runningVar: runningVar!.pointer,
        eps,
        momentum,
        mean: mean!.pointer,
        rstd: rstd!.pointer,
        scale,
      },
    });
    lowerApply(to, x!, { mean: mean!.pointer, scale, beta: beta!.pointer }, y!, relu);
  },
  recompute: (apply, { inputs: [x, gamma, beta], outputs: [, mean, rstd], attrs: { relu } }) =>
    apply(batchNormApply, [x!, gamma!, beta!, mean!, rstd!], { relu })[0]!,
  gradient(apply, { inputs: [x, gamma, beta], outputs: [, mean, rstd], dys: [dy], attrs }) {
    if (!dy) return [];
    const mask = attrs.relu ? [beta!] : [];
    return apply(batchNormBackward, [dy, x!, gamma!, mean!, rstd!, ...mask], {
      mask: attrs.relu ? 'beta' : 'none',
      residual: false,
    });
  },
};

/** y of {@link batchNormTrain} by the statistics that it found; inputs x `[…, C]`, gamma, beta, mean, rstd `[C]`. */
export const batchNormApply: Op<BatchNormApplyAttrs> = {
  name: 'batchNormApply',
  inPlace: [[0, 0]],
  infer([x, ...others]) {
    expectStatistics('batchNormApply', x!, others, ['gamma', 'beta', 'mean', 'rstd']);
    return [{ shape: x!.shape, dtype: 'f32' }];
  },
  lower(to, [x, gamma, beta, mean, rstd], [y], { relu }) {
    const scale = to.workspace(bytesOf(gamma!));
    const channels = channelsOf(gamma!.shape);
    to.step({
      kernel: 'multiply.forward.f32/simd',
      chunks: 1,
      args: {
        ...at('a', gamma!),
        ...at('b', rstd!),
        y: scale,
        yStride: channels,
        pixels: 1,
        channels,
      },
    });
    lowerApply(to, x!, { mean: mean!.pointer, scale, beta: beta!.pointer }, y!, relu);
  },
};

/**
 * Gradients of {@link batchNormTrain}: inputs dy, x, gamma, mean, rstd and what the attributes ask for; outputs dx,
 * dgamma, dbeta.
 */
export const batchNormBackward: Op<BatchNormBackwardAttrs> = {
  name: 'batchNormBackward',
  // The mask and what is added are read element by element where dx is written.
  inPlace: [
    [0, 0],
    [5, 0],
    [6, 0],
  ],
  infer([dy, x, ...others], { mask, residual }) {
    const op = 'batchNormBackward';
    expectShape(op, 'dy', dy!, x!.shape, 'the input has');
    const names = ['gamma', 'mean', 'rstd', ...(mask === 'beta' ? ['beta'] : [])];
    expectStatistics(op, x!, others, names);
    if (mask === 'y') expectShape(op, 'y', others[3]!, x!.shape, 'the input has');
    if (residual) expectShape(op, 'residual', others.at(-1)!, x!.shape, 'the input has');
    return [x!, others[0]!, others[0]!].map(({ shape }) => ({ shape, dtype: 'f32' }));
  },
  lower(to, inputs, [dx, dgamma, dbeta], { mask, residual }) {
    const [dy, x, gamma, mean, rstd, masking] = inputs;
    lowerBackward(
      to,
      {
        ...{ dy: dy!, x: x!, dx: dx!, dgamma: dgamma!, dbeta: dbeta! },
        y: mask === 'y' ? masking : undefined,
        residual: residual ? inputs.at(-1) : undefined,
      },
      {
        ...{ mean: mean!.pointer, rstd: rstd!.pointer, gamma: gamma!.pointer },
        beta: mask === 'beta' ? masking!.pointer : null,
      },
      false,
    );
  },
};

/** Batch norm by running statistics; inputs x `[…, C]`, gamma, beta, running mean, running variance `[C]`; output y. */
export const batchNormInference: Op<BatchNormAttrs> = {
  name: 'batchNormInference',
  inPlace: [[0, 0]],
  infer([x, ...others], { eps }) {
    expectNormSettings('batchNorm', { eps });
    expectStatistics('batchNorm', x!, others, perChannelNames);
    return [{ shape: x!.shape, dtype: 'f32' }];
  },
  lower(to, [x, gamma, beta, mean, variance], [y], { eps, relu }) {
    const { scale } = lowerFrozen(to, gamma!, variance!, eps);
    lowerApply(to, x!, { mean: mean!.pointer, scale, beta: beta!.pointer }, y!, relu);
  },
  gradient(apply, { inputs: [x, gamma, , mean, variance], outputs: [y], dys: [dy], attrs }) {
    const inputs = [dy!, x!, gamma!, mean!, variance!, ...(attrs.relu ? [y!] : [])];
    return apply(batchNormInferenceBackward, inputs, attrs);
  },
};

/**
 * Gradients of {@link batchNormInference}, whose statistics are constants: inputs dy, x, gamma, running mean, running
 * variance and, with relu, y; outputs dx, dgamma, dbeta.
 */
export const batchNormInferenceBackward: Op<BatchNormAttrs> = {
  name: 'batchNormInferenceBackward',
  inPlace: [[0, 0]],
  infer([dy, x, ...others], { relu }) {
    const op = 'batchNormInferenceBackward';
    expectShape(op, 'dy', dy!, x!.shape, 'the input has');
    expectStatistics(op, x!, others, ['gamma', 'running mean', 'running variance']);
    if (relu) expectShape(op, 'y', others[3]!, x!.shape, 'the input has');
    return [x!, others[0]!, others[0]!].map(({ shape }) => ({ shape, dtype: 'f32' }));
  },
  lower(to, [dy, x, gamma, mean, variance, y], [dx, dgamma, dbeta], { eps, relu }) {
    const { rstd } = lowerFrozen(to, gamma!, variance!, eps);
    const statistics = { mean: mean!.pointer, rstd, gamma: gamma!.pointer, beta: null };
    const views = { dy: dy!, x: x!, dx: dx!, dgamma: dgamma!, dbeta: dbeta! };
    lowerBackward(to, { ...views, y: relu ? y : undefined, residual: undefined }, statistics, true);
  },
};

/**
 * Batch norm in inference as part of the convolution before it: inputs w `[KH, KW, C/groups, O]`, with `bias` its bias
 * `[O]`, then gamma, beta, running mean, running variance `[O]`; outputs the new weight and bias.
 */
export const foldBatchNorm: Op<FoldBatchNormAttrs> = {
  name: 'foldBatchNorm',
  denseInputs: [0],
  denseOutputs: [0],
  inPlace: [[0, 0]],
  infer([w, ...others], { bias }) {
    const names = [...(bias ? ['bias'] : []), ...perChannelNames];
    expectStatistics('foldBatchNorm', w!, others, names);
    return [w!, others[0]!].map(({ shape }) => ({ shape, dtype: 'f32' }));
  },
  lower(to, [w, ...others], [folded, foldedBias], attrs) {
    const bias = attrs.bias ? others[0]!.pointer : null;
    const [gamma, beta, mean, variance] = attrs.bias ? others.slice(1) : others;
    const { scale } = lowerFrozen(to, gamma!, variance!, attrs.eps);
    const { pixels, channels } = rows(w!);
    to.step({
      kernel: 'batchNorm.fold.f32/simd',
      chunks: elementwiseChunks(sizeOf(w!.shape)),
      args: { w: w!.pointer, scale, folded: folded!.pointer, rows: pixels, channels },
    });
    const args = {
      bias,
      beta: beta!.pointer,
      mean: mean!.pointer,
      scale,
      folded: foldedBias!.pointer,
      channels,
    };
    to.step({ kernel: 'batchNorm.foldBias.f32/scalar', chunks: channelChunks(w!), args });
  },
};

/** Emits `rstd` and `scale` of a given variance into the workspace. */
function lowerFrozen(
  to: Lowering,
  gamma: View,
  variance: View,
  eps: number,
): { rstd: Pointer; scale: Pointer } {
  const [rstd, scale] = [to.workspace(bytesOf(gamma)), to.workspace(bytesOf(gamma))];
  to.step({
    kernel: 'batchNorm.frozen.f32/scalar',
    chunks: channelChunks(gamma),
    args: {
      gamma: gamma.pointer,
      var: variance.pointer,
      eps,
      channels: channelsOf(gamma.shape),
      rstd,
      scale,
    },
  });
  return { rstd, scale };
}

/** Emits `y = (x - mean)·scale + beta`. */
function lowerApply(
  to: Lowering,
  x: View,
  statistics: { mean: Pointer; scale: Pointer; beta: Pointer },
  y: View,
  relu: boolean,
): void {
  to.step({
    kernel: 'batchNorm.apply.f32/simd',
    chunks: elementwiseChunks(sizeOf(x.shape)),
    args: { ...at('x', x), ...statistics, ...at('y', y), ...rows(x), relu: Number(relu) },
  });
}

interface BackwardViews {
  readonly dy: View;
  readonly x: View;
  readonly y: View | undefined;
  readonly residual: View | undefined;
  readonly dx: View;
  readonly dgamma: View;
  readonly dbeta: View;
}

/** Emits the three steps of the gradients. */
function lowerBackward(
  to: Lowering,
  { dy, x, y, residual, dx, dgamma, dbeta }: BackwardViews,
  statistics: { mean: Pointer; rstd: Pointer; gamma: Pointer; beta: Pointer | null },
  frozen: boolean,
): void {
  const { mean, rstd, gamma, beta } = statistics;
  const parts = Math.min(elementwiseChunks(sizeOf(x.shape)), pixelsOf(x.shape));
  const partials = to.workspace(2 * bytesOf(dgamma) * parts);
  const factors = to.workspace(3 * bytesOf(dgamma));
  const inputs = {
    ...at('dy', dy),
    ...at('x', x),
    ...(y ? at('y', y) : { y: null, yStride: 0 }),
    mean,
    beta,
  };
  to.step({
    kernel: 'batchNorm.backwardPartials.f32/simd',
    chunks: parts,
    args: { ...inputs, gamma, rstd, ...rows(x), partials },
  });
  const rowsOfFactors = { factors, factorsStride: channelsOf(dgamma.shape) };
  const results = { dgamma: dgamma.pointer, dbeta: dbeta.pointer, ...rowsOfFactors };
  to.step({
    kernel: 'batchNorm.backwardFactors.f32/scalar',
    chunks: channelChunks(x),
    args: {
      partials,
      parts,
      ...rows(x),
      gamma,
      rstd,
      frozen: Number(frozen),
      scaled: 0,
      earlier: null,
      earlierStride: 0,
      ...results,
    },
  });
  to.step({
    kernel: 'batchNorm.backwardApply.f32/simd',
    chunks: elementwiseChunks(sizeOf(x.shape)),
    args: {
      ...inputs,
      ...rowsOfFactors,
      ...(residual ? at('residual', residual) : { residual: null, residualStride: 0 }),
      ...at('dx', dx),
      ...rows(x),
    },
  });
}
