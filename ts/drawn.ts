import type { Step } from './kernels/step.ts';
import type { Op, View } from './ops/op.ts';
import { channelsOf, type Shape } from './shape.ts';
import type { Source } from './source.ts';

/** What an op without inputs and workspaces makes, with the same bits each time. */
export function drawn<A extends { readonly shape: Shape }>(op: Op<A>, attrs: A): Source {
  const [spec] = op.infer([], attrs);
  return {
    write: (engine, pointer) => {
      const steps: Step[] = [];
      const workspace = (): never => {
        throw new Error(`${op.name}: has no workspace here`);
      };
      const output: View = { ...spec!, pointer, stride: channelsOf(spec!.shape) };
      const step = (made: Step): void => void steps.push(made);
      op.lower({ winograd: false, step, workspace }, [], [output], attrs);
      engine.runSteps(steps);
    },
  };
}
