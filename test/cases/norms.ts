import { groupNorm } from '../../ts/ops/groupNorm/groupNorm.ts';
import { layerNorm } from '../../ts/ops/layerNorm/layerNorm.ts';
import { sizeOf, type Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64, type CaseInput } from './case.ts';
import { uniform } from './generators.ts';

type Affine<T> = Readonly<Partial<Record<'gamma' | 'beta', T>>>;

/** γ and β of a shape, or one of them, or none. */
function affine(shape: Shape, parts: string): Affine<CaseInput> {
  return {
    ...(parts.includes('gamma') && { gamma: f32(shape, uniform(0.5, 1)) }),
    ...(parts.includes('beta') && { beta: f32(shape, uniform()) }),
  };
}

/** Normalises each set of places; `parameter` says which γ and β a place has, `statistics` where those of a set go. */
function normalise(
  x: Array64,
  { gamma, beta }: Affine<Array64>,
  eps: number,
  sets: readonly (readonly number[])[],
  parameter: (place: number) => number,
): { y: Float64Array; means: number[]; rstds: number[] } {
  const y = new Float64Array(x.values.length);
  const statistics = sets.map((places) => {
    const mean = places.reduce((sum, i) => sum + x.values[i]!, 0) / places.length;
    const squares = places.reduce((sum, i) => sum + (x.values[i]! - mean) ** 2, 0);
    const rstd = 1 / Math.sqrt(squares / places.length + eps);
    for (const i of places) {
      const [scale, shift] = [gamma, beta].map((list) => list?.values[parameter(i)]);
      y[i] = (x.values[i]! - mean) * rstd * (scale ?? 1) + (shift ?? 0);
    }
    return [mean, rstd] as const;
  });
  return { y, means: statistics.map(([mean]) => mean), rstds: statistics.map(([, rstd]) => rstd) };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const layers: readonly (readonly [
  name: string,
  x: Shape,
  axes: number,
  affine: string,
  far?: number,
])[] = [
  ['channels of images', [2, 3, 5, 6], 1, 'gamma, beta'],
  ['channels of images, no parameters', [2, 3, 5, 21], 1, ''],
  ['gamma alone', [5, 37], 1, 'gamma'],
  ['beta alone', [5, 37], 1, 'beta'],
  ['three axes', [3, 4, 5, 6], 3, 'gamma, beta'],
  ['all axes', [4, 9], 2, 'gamma, beta'],
  ['no rows', [0, 9], 1, 'gamma, beta'],
  ['far from zero', [7, 48], 1, 'gamma, beta', 8],
  ['several chunks', [3, 20, 21, 40], 1, 'gamma, beta'],
  ['several chunks of long rows', [9, 2500], 1, 'gamma, beta'],
];

const groups: readonly (readonly [
  name: string,
  x: Shape,
  groups: number,
  affine: string,
  far?: number,
])[] = [
  ['groups of channels', [2, 3, 5, 6], 3, 'gamma, beta'],
  ['one group', [3, 4, 5, 7], 1, 'gamma, beta'],
  ['as many groups as channels', [2, 4, 5, 21], 21, 'gamma, beta'],
  ['no parameters', [2, 4, 5, 8], 2, ''],
  ['gamma alone', [2, 4, 5, 8], 4, 'gamma'],
  ['beta alone', [2, 4, 5, 8], 4, 'beta'],
  ['rows of features', [5, 12], 3, 'gamma, beta'],
  ['no images', [0, 2, 3, 4], 2, 'gamma, beta'],
  ['far from zero', [2, 5, 5, 6], 2, 'gamma, beta', 8],
  ['several chunks', [2, 24, 25, 34], 2, 'gamma, beta'],
];

const tolerances = { tolerance: 3e-6, gradientTolerance: 2e-5 };

export const norms = [
  cases({
    op: layerNorm,
    reference({ x, gamma, beta }, { normalizedShape, eps }) {
      const size = sizeOf(normalizedShape);
      const sets = range(x.values.length / size).map((row) =>
        range(size).map((i) => row * size + i),
      );
      const found = normalise(x, { gamma, beta }, eps, sets, (i) => i % size);
      return { y: found.y, mean: found.means, rstd: found.rstds };
    },
    ...tolerances,
    rows: layers.map(([name, shape, axes, parts, far = 0.25]) => ({
      name,
      inputs: { x: f32(shape, uniform(1, far)), ...affine(shape.slice(-axes), parts) },
      attrs: { normalizedShape: shape.slice(-axes), eps: 1e-5 },
    })),
  }),
  cases({
    op: groupNorm,
    reference({ x, gamma, beta }, { groups: count, eps }) {
      const channels = x.shape.at(-1)!;
      const [images, depth] = [x.shape[0]!, channels / count];
      const pixels = sizeOf(x.shape.slice(1, -1));
      const sets = range(images * count).map((set) =>
        range(pixels * depth).map((i) => {
          const pixel = Math.floor(set / count) * pixels + Math.floor(i / depth);
          return pixel * channels + (set % count) * depth + (i % depth);
        }),
      );
      const found = normalise(x, { gamma, beta }, eps, sets, (i) => i % channels);
      const perChannel = (values: number[]): number[] =>
        values.flatMap((value) => new Array<number>(depth).fill(value));
      return { y: found.y, mean: perChannel(found.means), rstd: perChannel(found.rstds) };
    },
    ...tolerances,
    rows: groups.map(([name, shape, count, parts, far = 0.25]) => ({
      name,
      inputs: { x: f32(shape, uniform(1, far)), ...affine([shape.at(-1)!], parts) },
      attrs: { groups: count, eps: 1e-5, place: 'groupNorm' },
    })),
  }),
];
