import type { Shape } from '../../base/shape.ts';
import { after } from '../args.ts';
import { expectShape } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { lowerSum } from '../sumPixels.ts';
import { rowsOf } from './rowsOf.ts';

/** Rows of a partial sum at least. */
const ROWS = 64;
/** Partial sums at most: their number must not depend on the threads. */
const PARTS = 32;

/** Places of the inputs of {@link layerNormParameters}. */
export interface LayerNormParametersInputs {
  dy: One;
  x: One;
  mean: One;
  rstd: One;
}

/** `dgamma = Σ dy·(x - mean)·rstd` and `dbeta = Σ dy` over all axes but the normalised ones. */
export const layerNormParameters = /* @__PURE__ */ ofExtra<
  LayerNormParametersInputs,
  { dgamma: One; dbeta: One },
  { readonly normalizedShape: Shape }
>({
  name: 'layerNormParameters',
  denseInputs: ['dy', 'x'],
  denseOutputs: ['dgamma', 'dbeta'],
  infer({ dy, x }, { normalizedShape: shape }) {
    expectShape('layerNormParameters', 'dy', dy, x.shape, 'x has');
    return { dgamma: { shape, dtype: 'f32' }, dbeta: { shape, dtype: 'f32' } };
  },
  lower(to, { dy, x, mean, rstd }, { dgamma, dbeta }, { normalizedShape }) {
    const { strided, sizes } = rowsOf(normalizedShape, x);
    const { pixels, channels } = sizes;
    const parts = Math.max(1, Math.min(PARTS, Math.ceil(pixels / ROWS)));
    const partials = to.workspace(8 * parts * channels);
    to.step({
      kernel: 'layerNorm.parameters.f32/simd',
      chunks: parts,
      args: {
        ...strided('dy', dy),
        ...strided('x', x),
        mean: mean.pointer,
        rstd: rstd.pointer,
        partials,
        ...sizes,
      },
    });
    lowerSum(to, partials, 2 * channels, parts, channels, dgamma.pointer);
    const second = after(partials, 4 * channels);
    lowerSum(to, second, 2 * channels, parts, channels, dbeta.pointer);
  },
});
