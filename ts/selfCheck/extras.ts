import { extraOps } from '../ops/extraOps.ts';
import type { localResponseNorm, localResponseNormBackward } from '../ops/localResponseNorm.ts';
import type { transpose } from '../ops/moves/transpose.ts';
import type { interpolate } from '../ops/resample/interpolate.ts';
import type { sigmoid, sigmoidBackward } from '../ops/sigmoid.ts';
import type { Shape } from '../base/shape.ts';
import { CHANNELS } from './others.ts';
import { floats, problem, type Problem } from './problem.ts';

const LRN = { size: 5, alpha: 1, beta: 0.75, k: 1 };
const BILINEAR = { mode: 'bilinear', alignCorners: false, antialias: false } as const;

/** Problems of kernels of the extra module, of those ops that this program has. Their code is not imported: a program would have it then. */
export const extras = (): Problem[] => CHANNELS.flatMap(onChannels);

function onChannels(channels: number): Problem[] {
  const shape: Shape = [6, channels];
  const rows = floats(shape);
  const shifted = floats(shape, { shift: 0.3 });
  const images = floats([1, 5, 6, channels]);
  return [
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

function where<O>(name: string, problemOf: (op: O) => Problem): Problem[] {
  const op = extraOps.get(name) as O | undefined;
  return op ? [problemOf(op)] : [];
}
