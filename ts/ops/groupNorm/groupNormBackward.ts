import { channelsOf, sizeOf } from '../../base/shape.ts';
import { at } from '../args.ts';
import { channelChunks, elementwiseChunks } from '../chunks.ts';
import { lowerFill } from '../copy.ts';
import { expectShape } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { imagesOf, partsOf } from './imagesOf.ts';

/** Places of the inputs of {@link groupNormBackward}. */
export interface GroupNormBackwardInputs {
  dy: One;
  x: One;
  mean: One;
  rstd: One;
  gamma?: One;
}

/**
 * `dx = rstd·(d - Σ d/n - (x - mean)·rstd²·Σ d·(x - mean)/n)`, `d = dy·gamma`, over the n values of each group, and
 * `dgamma = Σ dy·(x - mean)·rstd`, `dbeta = Σ dy` over images and pixels. dy, x and dx are `[N, …, C]`, mean and rstd `[N, C]`, the
 * others `[C]`.
 */
export const groupNormBackward = /* @__PURE__ */ ofExtra<
  GroupNormBackwardInputs,
  { dx: One; dgamma: One; dbeta: One },
  { readonly groups: number }
>({
  name: 'groupNormBackward',
  denseInputs: ['mean', 'rstd', 'gamma'],
  inPlace: [['dy', 'dx']],
  infer({ dy, x }) {
    expectShape('groupNormBackward', 'dy', dy, x.shape, 'x has');
    const perChannel = { shape: [channelsOf(x.shape)], dtype: 'f32' } as const;
    return { dx: { shape: x.shape, dtype: 'f32' }, dgamma: perChannel, dbeta: perChannel };
  },
  lower(to, { dy, x, mean, rstd, gamma }, { dx, dgamma, dbeta }, { groups }) {
    const sizes = imagesOf(x);
    const { images, pixels, channels } = sizes;
    const parts = partsOf(x);
    const partials = to.workspace(8 * images * parts * channels);
    const factors = to.workspace(12 * images * channels);
    to.step({
      kernel: 'groupNorm.backwardPartials.f32/simd',
      chunks: Math.max(1, images * parts),
      args: { ...at('dy', dy), ...at('x', x), mean: mean.pointer, partials, parts, ...sizes },
    });
    to.step({
      kernel: 'groupNorm.backwardFactors.f32/scalar',
      chunks: elementwiseChunks(images * parts * channels),
      args: {
        partials,
        parts,
        images,
        pixels,
        channels,
        groups,
        gamma: gamma?.pointer ?? lowerFill(to, channels, 1),
        rstd: rstd.pointer,
        factors,
      },
    });
    to.step({
      kernel: 'groupNorm.parameters.f32/scalar',
      chunks: channelChunks(x),
      args: {
        partials,
        parts,
        images,
        channels,
        rstd: rstd.pointer,
        dgamma: dgamma.pointer,
        dbeta: dbeta.pointer,
      },
    });
    to.step({
      kernel: 'groupNorm.backwardApply.f32/simd',
      chunks: elementwiseChunks(sizeOf(x.shape)),
      args: {
        ...at('dy', dy),
        ...at('x', x),
        mean: mean.pointer,
        factors,
        ...at('dx', dx),
        ...sizes,
      },
    });
  },
});
