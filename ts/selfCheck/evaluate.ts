import type { Engine } from '../kernels/engine.ts';
import type { Buffer, Pointer, Step } from '../kernels/step.ts';
import type { Lowering, View } from '../ops/op.ts';
import { bytesOf, channelsOf, sizeOf, type Spec } from '../shape.ts';
import type { Problem } from './problem.ts';

/** Values of a tensor after a run. */
export type Values = Float32Array | Int32Array;

/** What a problem's outputs and the inputs that it writes hold, by its fast kernels or by the references. */
export function evaluate(engine: Engine, problem: Problem, byReference: boolean): Values[] {
  const { op, inputs, attrs } = problem;
  const buffers: Required<Buffer>[] = [];
  const workspace = (bytes: number): Pointer => {
    const buffer = engine.allocate(Math.max(bytes, 4));
    buffers.push(buffer);
    return { buffer, byteOffset: 0 };
  };
  const view = ({ shape, dtype }: Spec): View => ({
    ...{ shape, dtype, stride: channelsOf(shape) },
    pointer: workspace(bytesOf({ shape, dtype })),
  });
  const steps: Step[] = [];
  const winograd = engine.numerics === 'fast';
  const to: Lowering = { winograd, step: (step) => steps.push(step), workspace };
  try {
    const inputViews = inputs.map((input) => {
      const made = view(input);
      engine.write(made.pointer, input.values);
      return made;
    });
    const outputViews = op.infer(inputs, attrs).map(view);
    if (byReference && problem.byReference) problem.byReference(to, inputViews, outputViews);
    else op.lower(to, inputViews, outputViews, attrs);
    engine.runSteps(byReference ? steps.map((step) => toReference(engine, step)) : steps);
    const mutated = (op.mutates ?? []).map((index) => inputViews[index]!);
    return [...outputViews, ...mutated].map(({ pointer, shape, dtype }) =>
      engine.read(pointer, sizeOf(shape), dtype),
    );
  } finally {
    buffers.forEach((buffer) => engine.free(buffer));
  }
}

/** The same step by the reference of its kernel, with an absent pointer or 1 for what the step leaves open; itself where there is none of its arguments. */
function toReference(engine: Engine, step: Step): Step {
  const name = step.kernel.replace(/\/.*/, '/reference');
  const fields = engine.kernels.get(name)?.fields;
  const own = engine.kernels.get(step.kernel)!.fields;
  if (!fields || (name !== step.kernel && JSON.stringify(fields) !== JSON.stringify(own))) {
    return step;
  }
  const args = fields.map(({ name, type }) => [
    name,
    step.args[name] ?? (type === 'pointer' || name in step.args ? null : 1),
  ]);
  return { ...step, kernel: name, args: Object.fromEntries(args) };
}
