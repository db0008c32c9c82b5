import { dropout } from '../../ts/ops/dropout.ts';
import { randomNormal } from '../../ts/ops/random/randomNormal.ts';
import { randomUniform } from '../../ts/ops/random/randomUniform.ts';
import { philox4x32 } from '../../ts/base/random.ts';
import { sizeOf, type Shape } from '../../ts/base/shape.ts';
import { cases, f32, i32 } from './case.ts';
import { givenInts, uniform } from './generators.ts';

/** Multiples of 2⁻²⁴ in [0, 1): word i of the stream at (seed, step). */
function units(
  count: number,
  seed: readonly [low: number, high: number],
  stream: number,
  step: readonly [low: number, high: number],
): Float64Array {
  const numbers = new Float64Array(count);
  const words = new Uint32Array(4);
  for (let i = 0; i < count; i++) {
    if (i % 4 === 0)
      philox4x32(Uint32Array.of(i / 4, stream, ...step), Uint32Array.of(...seed), words);
    numbers[i] = (words[i % 4]! >>> 8) / 2 ** 24;
  }
  return numbers;
}

const halvesOf = (seed: number): [number, number] => [seed >>> 0, Math.floor(seed / 2 ** 32)];

const shapes: Readonly<Record<string, Shape>> = {
  'one number': [1],
  'an odd number of them': [3, 3, 3, 5],
  'several chunks': [3, 3, 64, 61],
};

export const randoms = [
  cases({
    op: randomUniform,
    reference: (_, { shape, seed, stream, low, high }) => ({
      y: units(sizeOf(shape), halvesOf(seed), stream, [0, 0]).map((u) => low + (high - low) * u),
    }),
    tolerance: 2e-7,
    rows: Object.entries(shapes).map(([name, shape], i) => ({
      name,
      inputs: {},
      attrs: { shape, seed: 2 ** 40 + i, stream: 4_000_000_000 + i, low: -0.25, high: 0.5 },
    })),
  }),
  cases({
    op: randomNormal,
    reference(_, { shape, seed, stream, mean, std }) {
      const u = units(sizeOf(shape) + 1, halvesOf(seed), stream, [0, 0]);
      const pair = (i: number): [radius: number, angle: number] => [
        Math.sqrt(-2 * Math.log(u[i]! + 2 ** -24)),
        2 * Math.PI * u[i + 1]!,
      ];
      return {
        y: u.slice(0, -1).map((_, i) => {
          const [radius, angle] = pair(i - (i % 2));
          return mean + std * radius * (i % 2 ? Math.sin(angle) : Math.cos(angle));
        }),
      };
    },
    tolerance: 1e-6,
    rows: Object.entries(shapes).map(([name, shape], i) => ({
      name,
      inputs: {},
      attrs: { shape, seed: 7 + i, stream: i, mean: 0.5, std: 0.3 },
    })),
  }),
  cases({
    op: dropout,
    reference({ x, state }, { p, stream }) {
      const [seedLow, seedHigh, stepLow, stepHigh] = state.values as unknown as number[];
      const u = units(x.values.length, [seedLow!, seedHigh!], stream, [stepLow!, stepHigh!]);
      const mask = u.map((value) => (value < p ? 0 : 1 / (1 - p)));
      return { y: x.values.map((value, i) => value * mask[i]!), mask };
    },
    tolerance: 2e-7,
    gradientTolerance: 1e-6,
    rows: [
      ...Object.entries({ ...shapes, images: [2, 3, 5, 6] }).map(([name, shape], i) => ({
        name,
        inputs: { x: f32(shape, uniform()), state: i32([4], givenInts([i, 1, 2, 3])) },
        attrs: { p: 0.3, stream: i },
      })),
      {
        name: 'nothing dropped',
        inputs: { x: f32([9], uniform()), state: i32([4], givenInts([1, 0, 0, 0])) },
        attrs: { p: 0, stream: 0 },
      },
    ],
  }),
];
