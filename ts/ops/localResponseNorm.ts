import { expectNumber, expectWhole } from '../base/settings.ts';
import { channelsOf, sizeOf, type Spec } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import { ofExtra } from './ofExtra.ts';
import type { One } from './places.ts';

/** Settings of {@link localResponseNorm}. */
export interface LocalResponseNormAttrs {
  /** Neighbouring channels that are summed, the own one among them. */
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** Elements that take as long as one power. */
const POWER = 8;

/** Chunks, and the scratch memory of a worker: a row with what lies outside of the channels, and two without. */
const workOf = (spec: Spec, size: number): { chunks: number; scratchBytes: number } => ({
  chunks: elementwiseChunks((POWER + size) * sizeOf(spec.shape)),
  scratchBytes: 4 * (3 * channelsOf(spec.shape) + size),
});

/**
 * `y = x / (k + α/n·Σ x²)^β` over the n channels around each one, those outside counting as 0; of any one shape `[…, C]`.
 *
 * Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012, section 3.3; α is divided
 * by n as in PyTorch.
 */
export const localResponseNorm = /* @__PURE__ */ ofExtra<
  { x: One },
  { y: One },
  LocalResponseNormAttrs
>({
  name: 'localResponseNorm',
  infer({ x }, { size, alpha, beta, k }) {
    expectType('localResponseNorm', 'input', x, 'f32');
    expectWhole('localResponseNorm', 'size', size);
    for (const [name, value] of Object.entries({ alpha, beta, k }))
      expectNumber('localResponseNorm', name, value);
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }, { size, alpha, beta, k }) {
    to.step({
      kernel: 'localResponseNorm.forward.f32/simd',
      ...workOf(x, size),
      args: { ...at('x', x), ...at('y', y), ...rows(x), size, alpha, beta, k },
    });
  },
  gradient: (apply, { inputs: { x }, dys: { y: dy }, attrs }) =>
    dy ? { x: apply(localResponseNormBackward, { dy, x }, attrs).dx } : {},
});

/** Gradient of {@link localResponseNorm}: dy, x and dx of one shape. */
export const localResponseNormBackward = /* @__PURE__ */ ofExtra<
  { dy: One; x: One },
  { dx: One },
  LocalResponseNormAttrs
>({
  name: 'localResponseNormBackward',
  infer({ dy, x }) {
    expectType('localResponseNormBackward', 'x', x, 'f32');
    expectShape('localResponseNormBackward', 'dy', dy, x.shape, 'x has');
    return { dx: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { dy, x }, { dx }, { size, alpha, beta, k }) {
    to.step({
      kernel: 'localResponseNorm.backward.f32/simd',
      ...workOf(x, size),
      args: { ...at('dy', dy), ...at('x', x), ...at('dx', dx), ...rows(x), size, alpha, beta, k },
    });
  },
});
