import { apply } from '../../ts/core/apply.ts';
import { compile } from '../../ts/compile/compile.ts';
import type { Plan } from '../../ts/compile/plan.ts';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { dot } from '../../ts/ops/dot.ts';
import { scope } from '../../ts/core/scope.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import type { Array64, OpCases, Row } from './case.ts';

/** Values of all outputs, of the inputs that the op writes, and of the gradients by its f32 inputs. */
export interface Results {
  readonly outputs: (Float32Array | Int32Array)[];
  readonly mutated: (Float32Array | Int32Array)[];
  readonly gradients: Float32Array[];
}

type Values = Float32Array | Int32Array;

/** Values of a row's inputs; the same every time. */
export function inputValues({ op }: OpCases<unknown>, row: Row<unknown>): Values[] {
  return row.inputs.map(({ shape, values }, i) => values(`${op.name}/${row.name}/${i}`, shape));
}

/** Which inputs the tests differentiate by: f32, and not written by the op. */
export function differentiable({ op }: OpCases<unknown>, row: Row<unknown>): number[] {
  if (!op.gradient) return [];
  const constant = [...(op.mutates ?? []), ...(constants[op.name] ?? [])];
  return row.inputs.flatMap(({ dtype }, i) =>
    dtype === 'f32' && !constant.includes(i) ? [i] : [],
  );
}

/** f32 inputs that are no variables to their op. */
const constants: Readonly<Record<string, readonly number[]>> = { batchNormInference: [3, 4] };

/** Gradient by the first output that the tests give to the backward pass. */
export function outputGradient(
  { op }: OpCases<unknown>,
  row: Row<unknown>,
  shape: Shape,
): Float32Array {
  return goldenTensor(`${op.name}/${row.name}/dy`, shape);
}

/** Applies the op to tensors; returns its outputs, and the gradients of Σ y·dy for the first output y. */
function forwardAndBackward(
  entry: OpCases<unknown>,
  row: Row<unknown>,
  inputs: readonly Tensor[],
  dy: Tensor | undefined,
): { outputs: Tensor[]; gradients: Tensor[] } {
  const wanted = dy ? differentiable(entry, row).map((i) => inputs[i]!) : [];
  for (const input of wanted) input.requiresGrad = true;
  const outputs = apply(entry.op, inputs, row.attrs);
  if (wanted.length === 0) return { outputs, gradients: [] };
  const [loss] = apply(dot, [outputs[0]!, dy!], {});
  return { outputs, gradients: gradients(loss!, wanted) };
}

function gradientTensor(entry: OpCases<unknown>, row: Row<unknown>): Tensor | undefined {
  if (differentiable(entry, row).length === 0) return undefined;
  const { shape } = entry.op.infer(row.inputs, row.attrs)[0]!;
  return tensor(outputGradient(entry, row, shape), shape);
}

/** Runs a row op by op on an engine. */
export function runEagerly(engine: Engine, entry: OpCases<unknown>, row: Row<unknown>): Results {
  useEngine(engine);
  return scope(() => {
    const inputs = inputValues(entry, row).map((values, i) =>
      tensor(values, row.inputs[i]!.shape, row.inputs[i]!.dtype),
    );
    const results = forwardAndBackward(entry, row, inputs, gradientTensor(entry, row));
    return {
      outputs: results.outputs.map((output) => output.data()),
      mutated: (entry.op.mutates ?? []).map((i) => inputs[i]!.data()),
      gradients: results.gradients.map((gradient) => gradient.data() as Float32Array),
    };
  });
}

/** A row as a plan, and how to run and free it. */
export interface CompiledRow {
  readonly plan: Plan;
  run(): Promise<Results>;
  dispose(): void;
}

/**
 * Compiles a row, its gradients included. Inputs from index `firstState` on are state of the plan, as weights are; those
 * that the op writes always are.
 */
export function compileRow(
  engine: Engine,
  entry: OpCases<unknown>,
  row: Row<unknown>,
  firstState: number,
): CompiledRow {
  useEngine(engine);
  const mutates = entry.op.mutates ?? [];
  const values = inputValues(entry, row);
  const isState = (i: number): boolean => i >= firstState || mutates.includes(i);
  const states = row.inputs.map(({ shape, dtype }, i) =>
    isState(i) ? tensor(values[i]!, shape, dtype) : undefined,
  );
  const dy = gradientTensor(entry, row);
  const given = row.inputs.flatMap((input, i) => (isState(i) ? [] : [{ ...input, at: i }]));
  let count = 0;
  const plan = compile((...symbols) => {
    const open = [...symbols];
    const inputs = states.map((state) => state ?? open.shift()!);
    const results = forwardAndBackward(entry, row, inputs, dy);
    count = results.outputs.length;
    return [...results.outputs, ...results.gradients];
  }, given);
  return {
    plan,
    async run() {
      const results = await plan.run(...given.map(({ at }) => values[at]!));
      return {
        outputs: results.slice(0, count),
        mutated: mutates.map((i) => states[i]!.data()),
        gradients: results.slice(count) as Float32Array[],
      };
    },
    dispose() {
      plan.dispose();
      dy?.dispose();
      for (const state of states) state?.dispose();
    },
  };
}

/** Inputs in float64 for the definition. */
export function float64Inputs(entry: OpCases<unknown>, row: Row<unknown>): Array64[] {
  return inputValues(entry, row).map((values, i) => ({
    shape: row.inputs[i]!.shape,
    values: Float64Array.from(values),
  }));
}
