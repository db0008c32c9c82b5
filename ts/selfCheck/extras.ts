import { extraOps } from '../ops/extraOps.ts';
import type { layerNorm } from '../ops/layerNorm/layerNorm.ts';
import type { layerNormBackward } from '../ops/layerNorm/layerNormBackward.ts';
import type { layerNormParameters } from '../ops/layerNorm/layerNormParameters.ts';
import type { expandAxes } from '../ops/reduce/expandAxes.ts';
import type { max, maxBackward } from '../ops/reduce/max.ts';
import type { sum } from '../ops/reduce/sum.ts';
import type { sigmoid, sigmoidBackward } from '../ops/sigmoid.ts';
import type { Shape } from '../base/shape.ts';
import { CHANNELS } from './others.ts';
import { floats, problem, type Filled, type Problem } from './problem.ts';

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
  return [
    ...where<typeof sigmoid>('sigmoid', (op) => problem(op, { x: rows }, {})),
    ...where<typeof sigmoidBackward>('sigmoidBackward', (op) =>
      problem(op, { dy: rows, y: shifted }, {}),
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
