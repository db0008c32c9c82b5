import { ShapeError } from '../../base/errors.ts';
import { channelsOf, formatShape, sizeOf, type Spec } from '../../base/shape.ts';
import { at } from '../args.ts';
import { expectNormSettings } from '../batchNorm/norm.ts';
import { elementwiseChunks } from '../chunks.ts';
import { lowerFill } from '../copy.ts';
import { expectPerChannel, expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { groupNormBackward } from './groupNormBackward.ts';
import { imagesOf, partsOf } from './imagesOf.ts';

/** Settings of {@link groupNorm}. */
export interface GroupNormAttrs {
  readonly groups: number;
  /** Added to the variance. */
  readonly eps: number;
  /** Channels that x must have, where a layer is made for so many. */
  readonly channels?: number;
  /** The name that errors begin with. */
  readonly place: string;
}

/** Places of the inputs of {@link groupNorm}. */
export interface GroupNormInputs {
  x: One;
  /** 1 where it is absent. */
  gamma?: One;
  /** 0 where it is absent. */
  beta?: One;
}

/**
 * Group norm: `y = gamma·(x - mean)·rstd + beta`, with mean and biased variance of each image's groups of channels. x and y are
 * `[N, …, C]`, gamma and beta `[C]`, mean and rstd `[N, C]`. As many groups as channels are instance norm.
 *
 * Source: Wu and He, "Group Normalization", 2018; Ulyanov, Vedaldi and Lempitsky, "Instance Normalization", 2016.
 */
export const groupNorm = /* @__PURE__ */ ofExtra<
  GroupNormInputs,
  { y: One; mean: One; rstd: One },
  GroupNormAttrs
>({
  name: 'groupNorm',
  denseInputs: ['gamma', 'beta'],
  denseOutputs: ['mean', 'rstd'],
  inPlace: [['x', 'y']],
  infer({ x, gamma, beta }, attrs) {
    const { groups, place } = attrs;
    expectNormSettings(place, attrs);
    expectType(place, 'input', x, 'f32');
    const shape = formatShape(x.shape);
    if (x.shape.length < 2)
      throw new ShapeError(`${place}: input has shape ${shape} but must be [N, …, C]`);
    const channels = channelsOf(x.shape);
    if (channels !== (attrs.channels ?? channels)) {
      const facts = `input ${shape} has ${channels} channels`;
      throw new ShapeError(`${place}: ${facts} but the layer expects ${attrs.channels}`);
    }
    if (channels % groups !== 0) {
      const facts = `input ${shape} has ${channels} channels`;
      throw new ShapeError(`${place}: ${facts}, which ${groups} groups do not divide`);
    }
    const values = sizeOf(x.shape.slice(1)) / groups;
    if (values < 2) {
      const facts = `input ${shape} has ${values}`;
      throw new ShapeError(`${place}: expected more than 1 value per group but ${facts}`);
    }
    if (gamma) expectPerChannel(place, 'gamma', gamma, x);
    if (beta) expectPerChannel(place, 'beta', beta, x);
    const perChannel: Spec = { shape: [x.shape[0]!, channels], dtype: 'f32' };
    return { y: { shape: x.shape, dtype: 'f32' }, mean: perChannel, rstd: perChannel };
  },
  lower(to, { x, gamma, beta }, { y, mean, rstd }, { groups, eps }) {
    const { images, pixels, channels } = imagesOf(x);
    const parts = partsOf(x);
    const partials = to.workspace(8 * images * parts * channels);
    const scale = to.workspace(4 * images * channels);
    to.step({
      kernel: 'batchNorm.partials.f32/simd',
      chunks: Math.max(1, images * parts),
      args: { ...at('x', x), pixels: images * pixels, channels, partials },
    });
    to.step({
      kernel: 'groupNorm.statistics.f32/scalar',
      chunks: elementwiseChunks(images * parts * channels),
      args: {
        partials,
        parts,
        images,
        pixels,
        channels,
        groups,
        gamma: gamma?.pointer ?? lowerFill(to, channels, 1),
        eps,
        mean: mean.pointer,
        rstd: rstd.pointer,
        scale,
      },
    });
    to.step({
      kernel: 'groupNorm.apply.f32/simd',
      chunks: elementwiseChunks(sizeOf(x.shape)),
      args: {
        ...at('x', x),
        mean: mean.pointer,
        scale,
        beta: beta?.pointer ?? lowerFill(to, channels, 0),
        ...at('y', y),
        images,
        pixels,
        channels,
      },
    });
  },
  gradient(apply, { inputs: { x, gamma }, outputs: { mean, rstd }, dys: { y: dy }, attrs }) {
    if (!dy) return {};
    const { groups } = attrs;
    const { dx, dgamma, dbeta } = apply(
      groupNormBackward,
      { dy, x, mean, rstd, gamma },
      { groups },
    );
    return { x: dx, gamma: dgamma, beta: dbeta };
  },
});
