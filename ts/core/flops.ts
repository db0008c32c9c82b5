import type { Op } from '../ops/op.ts';
import { sizeOf, type Spec } from '../base/shape.ts';

/** An op and the shapes that it is applied to. */
export interface AppliedOp {
  readonly op: Pick<Op, 'name'>;
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly attrs: unknown;
}

/** Multiply and add count as two. Ops that are not named move memory: their flops are not counted. */
export function flopsOf(node: AppliedOp): number {
  const [first, second] = node.inputs;
  const output = node.outputs[0];
  switch (node.op.name) {
    case 'conv2d': {
      const { kernelSize, groups } = node.attrs as {
        kernelSize?: readonly number[];
        groups: number;
      };
      const taps = sizeOf(kernelSize ?? second!.shape.slice(0, 2));
      const perOutput = (taps * first!.shape.at(-1)!) / groups;
      return 2 * sizeOf(output!.shape) * perOutput;
    }
    case 'conv2dBackwardInput':
    case 'conv2dBackwardInputThroughNorm':
      return 2 * sizeOf(first!.shape) * sizeOf(second!.shape.slice(0, 3));
    case 'conv2dBackwardWeight':
      return 2 * sizeOf(second!.shape) * sizeOf(output!.shape.slice(0, 3));
    case 'linear':
      return 2 * sizeOf(output!.shape) * first!.shape.at(-1)!;
    case 'linearBackwardInput':
      return 2 * sizeOf(output!.shape) * first!.shape.at(-1)!;
    case 'linearBackwardWeight':
      return 2 * sizeOf(output!.shape) * first!.shape[0]!;
    default:
      return 0;
  }
}
