import { extraOps } from '../ops/extraOps.ts';
import type { map } from '../ops/map/map.ts';
import type { Program } from '../ops/map/program.ts';
import type { layerNorm } from '../ops/layerNorm/layerNorm.ts';
import type { layerNormBackward } from '../ops/layerNorm/layerNormBackward.ts';
import type { layerNormParameters } from '../ops/layerNorm/layerNormParameters.ts';
import type { expandAxes } from '../ops/reduce/expandAxes.ts';
import type { max, maxBackward } from '../ops/reduce/max.ts';
import type { sum } from '../ops/reduce/sum.ts';
import type { localResponseNorm, localResponseNormBackward } from '../ops/localResponseNorm.ts';
import type { transpose } from '../ops/moves/transpose.ts';
import type { interpolate } from '../ops/resample/interpolate.ts';
import type { sigmoid, sigmoidBackward } from '../ops/sigmoid.ts';
import type { Shape } from '../base/shape.ts';
import { CHANNELS } from './others.ts';
import { floats, problem, type Filled, type Problem } from './problem.ts';

/** Each function that lanes compute: one after the other where they keep numbers small, `less` and `keep` where nothing is near their steps. */
const PROGRAM: Program = {
  inputs: 2,
  terms: [
    { input: 0 },
    { input: 1 },
    { code: 'sigmoid', a: 0 },
    { code: 'subtract', a: 2, b: 1 },
    { code: 'tanh', a: 3 },
    { code: 'exp', a: 4 },
    { code: 'divide', a: 1, b: 5 },
    { code: 'expm1', a: 6 },
    { code: 'abs', a: 7 },
    { code: 'sqrt', a: 8 },
    { code: 'max', a: 9, b: 0 },
    { code: 'min', a: 10, b: 5 },
    { code: 'keep', a: 11, b: 5 },
    { code: 'less', a: 4, b: 5 },
    { code: 'multiply', a: 12, b: 13 },
    { code: 'add', a: 14, b: 2 },
  ],
};

const LRN = { size: 5, alpha: 1, beta: 0.75, k: 1 };
const BILINEAR = { mode: 'bilinear', alignCorners: false, antialias: false } as const;

/** Problems of kernels of the extra module, of those ops that this program has. Their code is not imported: a program would have it then. */
export const extras = (): Problem[] => [
  ...CHANNELS.flatMap(onChannels),
  ...CHANNELS.flatMap(reductions),
  ...CHANNELS.flatMap(norms),
];

function onChannels(channels: number): Problem[] {
  const shape: Shape = [6, channels];
  const rows = floats(shape);
  const shifted = floats(shape, { shift: 0.3 });
  const gate = floats([channels], { shift: 0.3 });
  const images = floats([1, 5, 6, channels]);
  return [
    ...where<typeof map>('map', (op) =>
      problem(op, { parts: [rows, gate] }, { name: 'check', program: PROGRAM }),
    ),
    ...where<typeof sigmoid>('sigmoid', (op) => problem(op, { x: rows }, {})),
    ...where<typeof sigmoidBackward>('sigmoidBackward', (op) =>
      problem(op, { dy: rows, y: shifted }, {}),
    ),
    ...where<typeof transpose>('transpose', (op) =>
      problem(op, { x: images }, { permutation: [0, 3, 1, 2] }),
    ),
    ...where<typeof interpolate>('interpolate', (op) =>
      problem(op, { x: images }, { ...BILINEAR, size: [7, 4] }),
    ),
    ...where<typeof localResponseNorm>('localResponseNorm', (op) => problem(op, { x: rows }, LRN)),
    ...where<typeof localResponseNormBackward>('localResponseNormBackward', (op) =>
      problem(op, { dy: shifted, x: rows }, LRN),
    ),
  ];
}

/** Down columns and along rows, longer than a block of either. */
function reductions(channels: number): Problem[] {
  const shape: Shape = [70, channels];
  const x = floats(shape);
  return [0, 1].flatMap((axis) => {
    const left: Shape = [shape[1 - axis]!];
    const attrs = { axes: [axis], shape: left };
    const sets = floats(left, { shift: 1, scale: 0.5 });
    // The first of each set is there at least once.
    const firsts = sets.values.map((_, set) => x.values[axis === 0 ? set : set * channels]!);
    const y: Filled = { ...sets, values: firsts };
    return [
      ...where<typeof sum>('sum', (op) => problem(op, { x }, attrs)),
      ...where<typeof max>('max', (op) => problem(op, { x }, attrs)),
      ...where<typeof maxBackward>('maxBackward', (op) => problem(op, { dy: sets, x, y }, attrs)),
      ...where<typeof expandAxes>('expandAxes', (op) =>
        problem(op, { x: sets }, { shape, axes: [axis], divisor: 3 }),
      ),
    ];
  });
}

/** Layer norm of rows; the loops of group norm are batch norm's. */
function norms(channels: number): Problem[] {
  const [x, dy] = [floats([70, channels]), floats([70, channels], { shift: 0.3 })];
  const gamma = floats([channels], { shift: 1, scale: 0.5 });
  const statistics = { x, mean: floats([70]), rstd: floats([70], { shift: 1, scale: 0.5 }) };
  const attrs = { normalizedShape: [channels] };
  return [
    ...where<typeof layerNorm>('layerNorm', (op) =>
      problem(op, { x, gamma, beta: gamma }, { ...attrs, eps: 1e-3 }),
    ),
    ...where<typeof layerNormBackward>('layerNormBackward', (op) =>
      problem(op, { dy, ...statistics, gamma }, attrs),
    ),
    ...where<typeof layerNormParameters>('layerNormParameters', (op) =>
      problem(op, { dy, ...statistics }, attrs),
    ),
  ];
}

function where<O>(name: string, problemOf: (op: O) => Problem): Problem[] {
  const op = extraOps.get(name) as O | undefined;
  return op ? [problemOf(op)] : [];
}
