import { dot } from '../../ts/functions/dot.ts';
import { apply } from '../../ts/core/apply.ts';
import { compile } from '../../ts/compile/compile.ts';
import type { Plan } from '../../ts/compile/plan.ts';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import type { Op } from '../../ts/ops/op.ts';
import { entries, items, mapTree, type One, type Tree } from '../../ts/ops/places.ts';
import { scope } from '../../ts/core/scope.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import type { AnyOpCases, AnyRow, Array64 } from './case.ts';

type Values = Float32Array | Int32Array;

/** By the names of places, in their order. */
type Named<T> = ReadonlyMap<string, T>;

/** Values of all outputs, of the inputs that the op writes, and of the gradients by its f32 inputs. */
export interface Results {
  readonly outputs: Named<Values>;
  readonly mutated: Named<Values>;
  readonly gradients: Named<Values>;
}

/** Values of a row's inputs; the same every time. */
export function inputValues({ op }: AnyOpCases, row: AnyRow): Named<Values> {
  return new Map(
    entries(row.inputs).map(([name, { shape, values }], i) => [
      name,
      values(`${op.name}/${row.name}/${i}`, shape),
    ]),
  );
}

/** Something at the place of each input. */
function atInputs<T>(row: AnyRow, things: Named<T>): Tree<T> {
  const names = [...things.keys()].values();
  return mapTree(row.inputs, () => things.get(names.next().value!)!);
}

/** Which inputs the tests differentiate by: f32, and not written by the op. */
export function differentiable({ op }: AnyOpCases, row: AnyRow): string[] {
  if (!op.gradient) return [];
  const constant = [...(op.mutates ?? []), ...(constants[op.name] ?? [])];
  return entries(row.inputs).flatMap(([name, { dtype }]) =>
    dtype === 'f32' && !constant.includes(name) ? [name] : [],
  );
}

/** f32 inputs that are no variables to their op. */
const constants: Readonly<Record<string, readonly string[]>> = {
  batchNormInference: ['runningMean', 'runningVar'],
};

/** Gradient by the first output that the tests give to the backward pass. */
export function outputGradient({ op }: AnyOpCases, row: AnyRow, shape: Shape): Float32Array {
  return goldenTensor(`${op.name}/${row.name}/dy`, shape);
}

/** Shape of the first output. */
export function firstShape({ op }: AnyOpCases, row: AnyRow): Shape {
  return items(op.infer(row.inputs, row.attrs))[0]!.shape;
}

/** An op of whatever inputs, as {@link apply} takes one. */
type NamedOp = Op<Record<string, One>, Record<string, One>, unknown>;

/** Applies the op to tensors; returns its outputs, and the gradients of Σ y·dy for the first output y. */
function forwardAndBackward(
  entry: AnyOpCases,
  row: AnyRow,
  inputs: Named<Tensor>,
  dy: Tensor | undefined,
): { outputs: Named<Tensor>; gradients: Named<Tensor> } {
  const wanted = dy ? differentiable(entry, row) : [];
  const variables = wanted.map((name) => inputs.get(name)!);
  for (const variable of variables) variable.requiresGrad = true;
  const places = atInputs(row, inputs) as Record<string, Tensor>;
  const outputs = new Map(entries(apply(entry.op as NamedOp, places, row.attrs)));
  if (wanted.length === 0) return { outputs, gradients: new Map() };
  const loss = dot([...outputs.values()][0]!, dy!);
  const found = gradients(loss, variables);
  return { outputs, gradients: new Map(wanted.map((name, i) => [name, found[i]!])) };
}

function gradientTensor(entry: AnyOpCases, row: AnyRow): Tensor | undefined {
  if (differentiable(entry, row).length === 0) return undefined;
  const shape = firstShape(entry, row);
  return tensor(outputGradient(entry, row, shape), shape);
}

/** Tensors of those of a row's inputs that are wanted. */
function inputTensors(
  entry: AnyOpCases,
  row: AnyRow,
  isWanted: (name: string, index: number) => boolean,
): Named<Tensor> {
  const values = inputValues(entry, row);
  return new Map(
    entries(row.inputs)
      .filter(([name], index) => isWanted(name, index))
      .map(([name, { shape, dtype }]) => [name, tensor(values.get(name)!, shape, dtype)]),
  );
}

const read = (tensors: Iterable<readonly [string, Tensor]>): Named<Values> =>
  new Map([...tensors].map(([name, made]) => [name, made.data()]));

/** Runs a row op by op on an engine. */
export function runEagerly(engine: Engine, entry: AnyOpCases, row: AnyRow): Results {
  useEngine(engine);
  return scope(() => {
    const inputs = inputTensors(entry, row, () => true);
    const results = forwardAndBackward(entry, row, inputs, gradientTensor(entry, row));
    return {
      outputs: read(results.outputs),
      mutated: read([...inputs].filter(([name]) => entry.op.mutates?.includes(name))),
      gradients: read(results.gradients),
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
  entry: AnyOpCases,
  row: AnyRow,
  firstState: number,
): CompiledRow {
  useEngine(engine);
  const mutates = entry.op.mutates ?? [];
  const values = inputValues(entry, row);
  const specs = entries(row.inputs);
  const states = inputTensors(entry, row, (name, i) => i >= firstState || mutates.includes(name));
  const dy = gradientTensor(entry, row);
  const given = specs.filter(([name]) => !states.has(name));
  let names: Record<'outputs' | 'gradients', string[]> = { outputs: [], gradients: [] };
  const plan = compile(
    (...symbols) => {
      const open = symbols.values();
      const inputs = new Map(specs.map(([name]) => [name, states.get(name) ?? open.next().value!]));
      const results = forwardAndBackward(entry, row, inputs, dy);
      names = {
        outputs: [...results.outputs.keys()],
        gradients: [...results.gradients.keys()],
      };
      return [...results.outputs.values(), ...results.gradients.values()];
    },
    given.map(([, spec]) => spec),
  );
  return {
    plan,
    async run() {
      const results = await plan.run(...given.map(([name]) => values.get(name)!));
      const { outputs, gradients } = names;
      return {
        outputs: new Map(outputs.map((name, i) => [name, results[i]!])),
        mutated: read([...states].filter(([name]) => mutates.includes(name))),
        gradients: new Map(gradients.map((name, i) => [name, results[outputs.length + i]!])),
      };
    },
    dispose() {
      plan.dispose();
      dy?.dispose();
      for (const state of states.values()) state.dispose();
    },
  };
}

/** Inputs in float64 for the definition. */
export function float64Inputs(entry: AnyOpCases, row: AnyRow): Tree<Array64> {
  const shapes = new Map(entries(row.inputs));
  return atInputs(
    row,
    new Map(
      [...inputValues(entry, row)].map(([name, values]) => [
        name,
        { shape: shapes.get(name)!.shape, values: Float64Array.from(values) },
      ]),
    ),
  );
}
