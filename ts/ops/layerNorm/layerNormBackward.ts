import { sizeOf, type Shape } from '../../base/shape.ts';
import { elementwiseChunks } from '../chunks.ts';
import { lowerFill } from '../copy.ts';
import { expectShape } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { rowsOf } from './rowsOf.ts';

/** Places of the inputs of {@link layerNormBackward}. */
export interface LayerNormBackwardInputs {
  dy: One;
  x: One;
  mean: One;
  rstd: One;
  gamma?: One;
}

/** `dx = rstd·(d - Σ d/n - (x - mean)·rstd²·Σ d·(x - mean)/n)`, `d = dy·gamma`, over the n values of each set of last axes. */
export const layerNormBackward = /* @__PURE__ */ ofExtra<
  LayerNormBackwardInputs,
  { dx: One },
  { readonly normalizedShape: Shape }
>({
  name: 'layerNormBackward',
  denseInputs: ['dy', 'x', 'gamma'],
  denseOutputs: ['dx'],
  inPlace: [['dy', 'dx']],
  infer({ dy, x }) {
    expectShape('layerNormBackward', 'dy', dy, x.shape, 'x has');
    return { dx: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { dy, x, mean, rstd, gamma }, { dx }, { normalizedShape }) {
    const { strided, sizes } = rowsOf(normalizedShape, x);
    to.step({
      kernel: 'layerNorm.backward.f32/simd',
      chunks: elementwiseChunks(2 * sizeOf(x.shape)),
      args: {
        ...strided('dy', dy),
        ...strided('x', x),
        mean: mean.pointer,
        rstd: rstd.pointer,
        gamma: gamma?.pointer ?? lowerFill(to, sizes.channels, 1),
        ...strided('dx', dx),
        ...sizes,
      },
    });
  },
});
