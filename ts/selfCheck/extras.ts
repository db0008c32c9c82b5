import { extraOps } from '../ops/extraOps.ts';
import type { sigmoid, sigmoidBackward } from '../ops/sigmoid.ts';
import type { Shape } from '../base/shape.ts';
import { CHANNELS } from './others.ts';
import { floats, problem, type Problem } from './problem.ts';

/** Problems of kernels of the extra module, of those ops that this program has. Their code is not imported: a program would have it then. */
export const extras = (): Problem[] => CHANNELS.flatMap(onChannels);

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

function where<O>(name: string, problemOf: (op: O) => Problem): Problem[] {
  const op = extraOps.get(name) as O | undefined;
  return op ? [problemOf(op)] : [];
}
