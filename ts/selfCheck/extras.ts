import { extraOps } from '../ops/extraOps.ts';
import type { map } from '../ops/map/map.ts';
import type { Program } from '../ops/map/program.ts';
import type { sigmoid, sigmoidBackward } from '../ops/sigmoid.ts';
import type { Shape } from '../base/shape.ts';
import { CHANNELS } from './others.ts';
import { floats, problem, type Problem } from './problem.ts';

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

/** Problems of kernels of the extra module, of those ops that this program has. Their code is not imported: a program would have it then. */
export const extras = (): Problem[] => CHANNELS.flatMap(onChannels);

function onChannels(channels: number): Problem[] {
  const shape: Shape = [6, channels];
  const rows = floats(shape);
  const shifted = floats(shape, { shift: 0.3 });
  const gate = floats([channels], { shift: 0.3 });
  return [
    ...where<typeof map>('map', (op) =>
      problem(op, { parts: [rows, gate] }, { name: 'check', program: PROGRAM }),
    ),
    ...where<typeof sigmoid>('sigmoid', (op) => problem(op, { x: rows }, {})),
    ...where<typeof sigmoidBackward>('sigmoidBackward', (op) =>
      problem(op, { dy: rows, y: shifted }, {}),
    ),
  ];
}

function where<O>(name: string, problemOf: (op: O) => Problem): Problem[] {
  const op = extraOps.get(name) as O | undefined;
  return op ? [problemOf(op)] : [];
}
