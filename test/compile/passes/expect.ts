import { afterAll, expect } from 'vitest';
import { capture } from '../../../ts/compile/capture.ts';
import { state } from '../../../ts/core/create.ts';
import type { Graph, Node, Value } from '../../../ts/core/graph.ts';
import { useEngine } from '../../../ts/core/init.ts';
import type { Tensor } from '../../../ts/core/tensor.ts';
import { entries } from '../../../ts/ops/places.ts';
import type { Shape } from '../../../ts/base/shape.ts';
import { engineOn } from '../../helpers/engines.ts';

/** Makes an engine for the states of a file's programs. */
export async function useTestEngine(): Promise<void> {
  const engine = await engineOn('simd', { numerics: 'fast' });
  useEngine(engine);
  afterAll(() => engine.close());
}

/** A small graph whose inputs and states have names. */
export interface Program {
  readonly graph: Graph;
  readonly names: ReadonlyMap<Value | Tensor, string>;
}

/** Captures a function of inputs and states; a state is a tensor, or the shape of one. */
export function program<I extends string, S extends string = never>(
  inputs: Readonly<Record<I, Shape>>,
  states: Readonly<Record<S, Shape | Tensor>>,
  fn: (tensors: Record<I | S, Tensor>) => Tensor | readonly Tensor[],
): Program {
  const shapes = Object.entries<Shape>(inputs);
  const held = Object.entries<Shape | Tensor>(states).map(
    ([name, own]) => [name, 'shape' in own ? own : state(own)] as const,
  );
  const specs = shapes.map(([, shape]) => ({ shape, dtype: 'f32' as const }));
  const graph = capture((...tensors) => {
    const named = shapes.map(([name], index) => [name, tensors[index]] as const);
    return fn(Object.fromEntries([...named, ...held]) as Record<I | S, Tensor>);
  }, specs);
  const names = new Map<Value | Tensor, string>(held.map(([name, tensor]) => [tensor, name]));
  shapes.forEach(([name], index) => names.set(graph.inputs[index]!, name));
  return { graph, names };
}

type Pass = (graph: Graph, winograd: boolean) => Graph;

/** A pass makes this of a program, in numerics `fast`. */
export function expectRewrite(pass: Pass, before: Program, after: string): void {
  const lines = after.split('\n').map((line) => line.trim());
  const wanted = lines.filter((line) => line !== '').join('\n');
  expect(print(pass(before.graph, true), before.names)).toBe(wanted);
}

/** A pass leaves a program as it is. */
export function expectSame(pass: Pass, { graph, names }: Program, winograd = true): void {
  expect(print(pass(graph, winograd), names)).toBe(print(graph, names));
}

/**
 * A graph as lines such as `t2, t3 = op(x, w: t1) stride 2,2`: what a node makes, the op, its inputs by place (unless they are
 * called so), and what is not as usual of its settings.
 */
export function print(graph: Graph, known: Program['names']): string {
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    const name = known.get(value.tensor ?? value) ?? names.get(value) ?? `t${names.size + 1}`;
    if (value.kind === 'temporary') names.set(value, name);
    return name;
  };
  const lines = graph.nodes.map((node) => {
    const inputs = entries(node.inputs).map(([place, value]) => argument(place, nameOf(value)));
    const outputs = entries(node.outputs).map(([, value]) => nameOf(value));
    const made = outputs.length > 0 ? `${outputs.join(', ')} = ` : '';
    const again = node.recomputed ? ' again' : '';
    const name = node.op.title?.(node.attrs) ?? node.op.name;
    return `${made}${name}(${inputs.join(', ')})${settings(node)}${again}`;
  });
  return [...lines, `return ${graph.outputs.map(nameOf).join(', ')}`].join('\n');
}

/** A value by its place; those of a list have none. */
function argument(place: string, value: string): string {
  const last = place.split('.').at(-1)!;
  return last === value || /^\d+$/.test(last) ? value : `${last}: ${value}`;
}

/** What most convolutions have. */
const USUAL: Readonly<Record<string, string>> = {
  stride: '1,1',
  padding: '0,0,0,0',
  dilation: '1,1',
  groups: '1',
};

function settings({ op, attrs }: Node): string {
  // A title says them.
  if (op.title) return '';
  return Object.entries(attrs as object)
    .filter(([name, value]) => value !== false && USUAL[name] !== String(value))
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name} ${value}`))
    .join('');
}
