import { ShapeError } from '../../base/errors.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../../base/shape.ts';
import { expectNormSettings } from '../batchNorm/norm.ts';
import { elementwiseChunks } from '../chunks.ts';
import { lowerFill } from '../copy.ts';
import { expectElements, expectShape, expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { View } from '../op.ts';
import type { One } from '../places.ts';
import { layerNormBackward } from './layerNormBackward.ts';
import { layerNormParameters } from './layerNormParameters.ts';
import { rowsOf } from './rowsOf.ts';

/** Settings of {@link layerNorm}. */
export interface LayerNormAttrs {
  /** Sizes of the last axes, which are normalised together. */
  readonly normalizedShape: Shape;
  /** Added to the variance. */
  readonly eps: number;
}

/** Places of the inputs of {@link layerNorm}. */
export interface LayerNormInputs {
  x: One;
  /** 1 where it is absent. */
  gamma?: One;
  /** 0 where it is absent. */
  beta?: One;
}

/**
 * Layer norm over the last axes: `y = gamma·(x - mean)·rstd + beta`, with the biased variance. x and y are `[…, S]`, gamma and beta
 * `[S]`, where S are the normalised axes; mean and rstd have one value for each set of them.
 *
 * Source: Ba, Kiros and Hinton, 2016.
 */
export const layerNorm = /* @__PURE__ */ ofExtra<
  LayerNormInputs,
  { y: One; mean: One; rstd: One },
  LayerNormAttrs
>({
  name: 'layerNorm',
  denseInputs: ['x', 'gamma', 'beta'],
  denseOutputs: ['y'],
  inPlace: [['x', 'y']],
  infer({ x, gamma, beta }, attrs) {
    const { normalizedShape } = attrs;
    expectNormSettings('layerNorm', attrs);
    expectType('layerNorm', 'input', x, 'f32');
    const axes = normalizedShape.length;
    if (axes === 0 || !sameShape(x.shape.slice(-axes), normalizedShape)) {
      const facts = `input ${formatShape(x.shape)} must end with the normalised axes`;
      throw new ShapeError(`layerNorm: ${facts} ${formatShape(normalizedShape)}`);
    }
    expectElements('layerNorm', 'normalised axes', { shape: normalizedShape, dtype: 'f32' });
    if (gamma) expectShape('layerNorm', 'gamma', gamma, normalizedShape, 'must be');
    if (beta) expectShape('layerNorm', 'beta', beta, normalizedShape, 'must be');
    const perRow = { shape: [sizeOf(x.shape.slice(0, -axes))], dtype: 'f32' } as const;
    return { y: { shape: x.shape, dtype: 'f32' }, mean: perRow, rstd: perRow };
  },
  lower(to, { x, gamma, beta }, { y, mean, rstd }, { normalizedShape, eps }) {
    const { strided, sizes } = rowsOf(normalizedShape, x);
    const filled = (given: View | undefined, value: number): View['pointer'] =>
      given?.pointer ?? lowerFill(to, sizes.channels, value);
    to.step({
      kernel: 'layerNorm.forward.f32/simd',
      chunks: elementwiseChunks(2 * sizeOf(x.shape)),
      args: {
        ...strided('x', x),
        gamma: filled(gamma, 1),
        beta: filled(beta, 0),
        ...strided('y', y),
        mean: mean.pointer,
        rstd: rstd.pointer,
        ...sizes,
        eps,
      },
    });
  },
  gradient(apply, { inputs: { x, gamma }, outputs: { mean, rstd }, dys, attrs, needs }) {
    const { y: dy } = dys;
    if (!dy) return {};
    const { normalizedShape } = attrs;
    const inputs = { dy, x, mean, rstd };
    const parameters =
      needs.gamma || needs.beta
        ? apply(layerNormParameters, inputs, { normalizedShape })
        : undefined;
    return {
      x: needs.x
        ? apply(layerNormBackward, { ...inputs, gamma }, { normalizedShape }).dx
        : undefined,
      gamma: parameters?.dgamma,
      beta: parameters?.dbeta,
    };
  },
});
