import { inputsOf, outputsOf, type Value } from '../core/graph.ts';
import { callsOf, isTable, type Argument, type Buffer, type Pointer } from '../kernels/step.ts';
import type { View } from '../ops/op.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Constant, LoweredNode } from './lower.ts';

const ids = new WeakMap<Tensor, number>();
let nextId = 0;

/** A number of its own for each tensor. */
function idOf(tensor: Tensor): number {
  let id = ids.get(tensor);
  if (id === undefined) ids.set(tensor, (id = nextId++));
  return id;
}

/** Where a value of the prologue comes from. */
type Origin = Omit<Constant, 'buffer'>;

/**
 * What each constant is made of: the steps that compute it, with all their numbers, and the tensors that those begin with. Plans
 * for other sizes whose constants have the same key may share them.
 */
export function describeConstants(
  prologue: readonly LoweredNode[],
  buffers: ReadonlyMap<Value, Buffer>,
  viewOf: (value: Value) => View,
): Constant[] {
  const origins = new Map<Value, Origin>();
  const originOf = (value: Value): Origin => {
    const found = origins.get(value);
    if (found) return found;
    const tensor = value.tensor!;
    return { key: `tensor ${idOf(tensor)}`, tensors: new Set([tensor]), nodes: new Set() };
  };
  for (const lowered of prologue) {
    const [inputs, outputs] = [inputsOf(lowered.node), outputsOf(lowered.node)];
    const from = inputs.map(originOf);
    const tensors = new Set(from.flatMap((origin) => [...origin.tensors]));
    const nodes = new Set([...from.flatMap((origin) => [...origin.nodes]), lowered]);
    const names = new Map<Buffer, string>();
    outputs.forEach((output, i) => names.set(viewOf(output).pointer.buffer, `output ${i}`));
    inputs.forEach((input, i) => names.set(viewOf(input).pointer.buffer, from[i]!.key));
    const steps = describeSteps(lowered, names);
    outputs.forEach((output, i) => {
      origins.set(output, { key: `(${steps}) ${i} ${output.shape}`, tensors, nodes });
    });
  }
  return [...buffers].map(([value, buffer]) => ({ buffer, ...origins.get(value)! }));
}

/** Steps in words: names of buffers instead of their addresses. */
function describeSteps({ steps }: LoweredNode, names: Map<Buffer, string>): string {
  const place = ({ buffer, byteOffset }: Pointer): string => {
    if (!names.has(buffer)) names.set(buffer, `workspace ${names.size}`);
    return `${names.get(buffer)}+${byteOffset}`;
  };
  const describe = (arg: Argument): string =>
    arg !== null && typeof arg === 'object' && !isTable(arg) ? place(arg) : String(arg);
  return steps
    .flatMap((step) =>
      callsOf(step).map(({ kernel, args }) => {
        const named = Object.entries(args).map(([name, arg]) => `${name}=${describe(arg)}`);
        return `${kernel}/${step.chunks} ${named.join(',')}`;
      }),
    )
    .join(';');
}
