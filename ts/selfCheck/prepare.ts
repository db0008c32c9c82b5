import type { Engine } from '../kernels/engine.ts';
import type { Pointer, Step } from '../kernels/step.ts';
import type { Lowering, View } from '../ops/op.ts';
import { items, mapTree, pick } from '../ops/places.ts';
import { bytesOf, channelsOf, sizeOf, type Spec } from '../base/shape.ts';
import type { Problem } from './problem.ts';

/** Values of a tensor after a run. */
export type Values = Float32Array | Int32Array;

/** A problem in an engine's memory. */
export interface Prepared {
  readonly steps: readonly Step[];
  /** Puts the inputs in place, which some steps change. */
  reset(): void;
  /** What the outputs hold, and then the inputs that the op writes. */
  read(): Values[];
}

/** Lays a problem out for the fast kernels or for the references; the memory is the engine's as long as that lives. */
export function prepare(engine: Engine, problem: Problem, byReference: boolean): Prepared {
  const { op, inputs, attrs } = problem;
  const workspace = (bytes: number): Pointer => ({
    buffer: engine.allocate(Math.max(bytes, 4)),
    byteOffset: 0,
  });
  const view = ({ shape, dtype }: Spec): View => ({
    shape,
    dtype,
    stride: channelsOf(shape),
    pointer: workspace(bytesOf({ shape, dtype })),
  });
  const steps: Step[] = [];
  const winograd = engine.numerics === 'fast';
  const to: Lowering = { winograd, step: (step) => steps.push(step), workspace };
  const inputViews = mapTree(inputs, view);
  const outputViews = mapTree(op.infer(inputs, attrs), view);
  if (byReference && problem.byReference) problem.byReference(to, inputViews, outputViews);
  else op.lower(to, inputViews, outputViews, attrs);
  const results = [...items(outputViews), ...pick(inputViews, op.mutates)];
  const filled = items(inputs).map(({ values }) => values);
  return {
    steps: byReference ? steps.map((step) => toReference(engine, step)) : steps,
    reset: () => items(inputViews).forEach((to, i) => engine.write(to.pointer, filled[i]!)),
    read: () =>
      results.map(({ pointer, shape, dtype }) => engine.read(pointer, sizeOf(shape), dtype)),
  };
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
