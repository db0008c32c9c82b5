import type { Pointer } from '../../kernels/step.ts';
import { bytesOf, channelsOf, pixelsOf, sizeOf } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { channelChunks, elementwiseChunks } from '../chunks.ts';
import type { Lowering, View } from '../op.ts';

/** Tensors of the pass; dy is masked by `y > 0`, or by the sign that y has as x and `beta` give it. */
export interface BackwardViews {
  readonly dy: View;
  readonly x: View;
  readonly mean: View;
  readonly rstd: Pointer;
  readonly gamma: View;
  readonly beta?: View | undefined;
  readonly y?: View | undefined;
  /** Added to dx. */
  readonly residual?: View | undefined;
  readonly dx: View;
  readonly dgamma: View;
  readonly dbeta: View;
}

/** Emits the three steps of batch norm's gradients; statistics that are `frozen` do not depend on x. */
export function lowerBackward(to: Lowering, views: BackwardViews, frozen: boolean): void {
  const { dy, x, mean, rstd, gamma, beta, y, residual, dx, dgamma, dbeta } = views;
  const parts = Math.min(elementwiseChunks(sizeOf(x.shape)), pixelsOf(x.shape));
  const partials = to.workspace(2 * bytesOf(dgamma) * parts);
  const factors = to.workspace(3 * bytesOf(dgamma));
  const factorsStride = channelsOf(dgamma.shape);
  const inputs = {
    ...at('dy', dy),
    ...at('x', x),
    y: y?.pointer ?? null,
    yStride: y?.stride ?? 0,
    mean: mean.pointer,
    beta: beta?.pointer ?? null,
  };
  to.step({
    kernel: 'batchNorm.backwardPartials.f32/simd',
    chunks: parts,
    args: { ...inputs, gamma: gamma.pointer, rstd, ...rows(x), partials },
  });
  to.step({
    kernel: 'batchNorm.backwardFactors.f32/scalar',
    chunks: channelChunks(x),
    args: {
      partials,
      parts,
      ...rows(x),
      gamma: gamma.pointer,
      rstd,
      frozen: Number(frozen),
      scaled: 0,
      earlier: null,
      earlierStride: 0,
      dgamma: dgamma.pointer,
      dbeta: dbeta.pointer,
      factors,
      factorsStride,
    },
  });
  to.step({
    kernel: 'batchNorm.backwardApply.f32/simd',
    chunks: elementwiseChunks(sizeOf(x.shape)),
    args: {
      ...inputs,
      factors,
      factorsStride,
      residual: residual?.pointer ?? null,
      residualStride: residual?.stride ?? 0,
      ...at('dx', dx),
      ...rows(x),
    },
  });
}
