import type { Shape } from '../../ts/base/shape.ts';
import * as formulas from '../../ts/ops/map/formulas.ts';
import type { Formula } from '../../ts/ops/map/formula.ts';
import { map } from '../../ts/ops/map/map.ts';
import { cases, f32, type AnyOpCases, type Array64, type Generator } from './case.ts';
import { uniform } from './generators.ts';
import { erf } from '../helpers/erf.ts';

const shapes: Readonly<Record<string, Shape>> = {
  'a scalar': [],
  'a tail': [7],
  'no elements': [0, 3],
  images: [2, 3, 5, 6],
  'several chunks': [3, 40, 41, 17],
};

interface One {
  readonly formula: Formula;
  readonly definition: (x: number) => number;
  readonly values?: Generator;
  /** Of values, and of gradients; a few roundings by default. */
  readonly tolerance?: number;
  readonly gradientTolerance?: number;
}

const gauss = (x: number): number => (1 + erf(x * Math.SQRT1_2)) / 2;
const limited = (x: number, least: number, most: number): number =>
  Math.min(Math.max(x, least), most);

const ONES: readonly One[] = [
  { formula: formulas.silu, definition: (x) => x / (1 + Math.exp(-x)) },
  { formula: formulas.hardSigmoid, definition: (x) => limited(x / 6 + 0.5, 0, 1) },
  { formula: formulas.hardSwish, definition: (x) => (x * limited(x + 3, 0, 6)) / 6 },
  { formula: formulas.relu6, definition: (x) => limited(x, 0, 6), values: uniform(9) },
  { formula: formulas.clip(-1.5, 2), definition: (x) => limited(x, -1.5, 2) },
  { formula: formulas.leakyRelu(0.25), definition: (x) => (x > 0 ? x : 0.25 * x) },
  { formula: formulas.elu(1.5), definition: (x) => (x > 0 ? x : 1.5 * Math.expm1(x)) },
  { formula: formulas.gelu, definition: (x) => x * gauss(x) },
  {
    formula: formulas.geluTanh,
    definition: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  },
  { formula: formulas.tanh, definition: Math.tanh, gradientTolerance: 3e-6 },
  { formula: formulas.exp, definition: Math.exp },
  { formula: formulas.log, definition: Math.log, values: uniform(1, 1.5) },
  { formula: formulas.sqrt, definition: Math.sqrt, values: uniform(1, 1.5) },
  { formula: formulas.abs, definition: Math.abs },
  { formula: formulas.power(2), definition: (x) => x * x },
  { formula: formulas.power(-1.5), definition: (x) => x ** -1.5, values: uniform(1, 1.5) },
  {
    formula: formulas.withNumber(formulas.dividing, 2, true),
    definition: (x) => 2 / x,
    values: uniform(1, 1.5),
  },
];

const ofOne = ({ formula, definition, values, tolerance, gradientTolerance }: One): AnyOpCases =>
  cases({
    op: map,
    reference: ({ parts }) => ({ y: parts[0]!.values.map(definition) }),
    tolerance: tolerance ?? 1e-6,
    gradientTolerance: gradientTolerance ?? 2e-6,
    rows: Object.entries(shapes)
      .filter(([name]) => formula === formulas.silu || name === 'images')
      .map(([name, shape]) => ({
        name: `${formula.name}, ${name}`,
        inputs: { parts: [f32(shape, values ?? uniform(4))] },
        attrs: formula,
      })),
  });

/** Pairs of shapes that broadcast. */
const pairs: Readonly<Record<string, readonly [Shape, Shape]>> = {
  'of one shape': [
    [3, 7],
    [3, 7],
  ],
  'gates of images': [
    [2, 3, 5, 6],
    [2, 1, 1, 6],
  ],
  'a gate of every pixel': [
    [2, 3, 5, 6],
    [2, 3, 5, 1],
  ],
  channels: [[2, 3, 5, 6], [6]],
  'channels, many chunks': [[24], [3, 40, 41, 24]],
  'both ways': [
    [4, 1, 3],
    [5, 1],
  ],
  'a scalar': [[], [2, 3]],
  'five axes, every second one': [
    [2, 3, 2, 3, 2, 3],
    [3, 1, 3, 1, 3],
  ],
  'no elements': [
    [0, 3],
    [1, 3],
  ],
};

interface Two {
  readonly formula: Formula;
  readonly definition: (a: number, b: number) => number;
  readonly values: Generator;
}

const TWOS: readonly Two[] = [
  { formula: formulas.adding, definition: (a, b) => a + b, values: uniform() },
  { formula: formulas.subtracting, definition: (a, b) => a - b, values: uniform() },
  { formula: formulas.multiplying, definition: (a, b) => a * b, values: uniform() },
  { formula: formulas.dividing, definition: (a, b) => a / b, values: uniform(0.5, 1.5) },
  { formula: formulas.raising, definition: (a, b) => a ** b, values: uniform(0.5, 1.5) },
  { formula: formulas.prelu, definition: (x, s) => (x > 0 ? x : s * x), values: uniform() },
];

/** The element of a tensor that is repeated to a place of the whole. */
function repeated({ shape, values }: Array64, whole: Shape, index: number): number {
  let [at, step, left] = [0, 1, index];
  for (let axis = 1; axis <= whole.length; axis++) {
    const [own, size] = [shape.at(-axis) ?? 1, whole.at(-axis)!];
    if (own > 1) at += (left % size) * step;
    left = Math.floor(left / size);
    step *= own;
  }
  return values[at]!;
}

const ofTwo = ({ formula, definition, values }: Two): AnyOpCases =>
  cases({
    op: map,
    reference({ parts: [a, b] }) {
      const rank = Math.max(a!.shape.length, b!.shape.length);
      const whole = Array.from({ length: rank }, (_, i) => {
        const [own, other] = [a!, b!].map(({ shape }) => shape.at(i - rank) ?? 1);
        return own === 1 ? other! : own!;
      });
      const size = whole.reduce((product, axis) => product * axis, 1);
      return {
        y: Float64Array.from({ length: size }, (_, i) =>
          definition(repeated(a!, whole, i), repeated(b!, whole, i)),
        ),
      };
    },
    tolerance: 1e-6,
    gradientTolerance: 4e-6,
    rows: Object.entries(pairs)
      .filter(([name]) => formula === formulas.multiplying || /gates|scalar|both/.test(name))
      .filter(([name]) => formula.like === undefined || /gates/.test(name))
      .map(([name, [a, b]]) => ({
        name: `${formula.name}, ${name}`,
        inputs: { parts: [f32(a, values), f32(b, values)] },
        attrs: formula,
      })),
  });

export const maps = [...ONES.map(ofOne), ...TWOS.map(ofTwo)];
