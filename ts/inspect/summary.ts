import { capture } from '../compile/capture.ts';
import { flopsOf } from '../compile/flops.ts';
import type { Node } from '../graph.ts';
import { ResidualJoin } from '../nn/blocks/residualJoin.ts';
import type { Module } from '../nn/module.ts';
import { sizeOf, type Shape } from '../shape.ts';
import { noGrad } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { formatTable } from './table.ts';

/** A module of a network. */
export interface SummaryRow {
  /** Where it is; empty for the network itself. */
  readonly path: string;
  /** Its class and settings. */
  readonly layer: string;
  readonly depth: number;
  /** Shape of what it returned last; undefined for a module that did not run. */
  readonly output: Shape | undefined;
  /** Weights of it and of all modules below. */
  readonly parameters: number;
  /** Of it and all modules below, for the whole batch; multiply and add count as two. */
  readonly flops: number;
  /** What a residual block with gates has learned to multiply its branches by. */
  readonly gates?: ReturnType<ResidualJoin['gates']>;
}

/** A network as a table. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly input: Shape;
  readonly output: Shape;
  readonly parameters: number;
  readonly flops: number;
  /** Aligned columns, the module tree by indentation. */
  toString(): string;
}

/**
 * What a network consists of: its tree of modules with the shape of each output, weights and flops, in inference.
 *
 * @param inputShape `[N, H, W, C]`
 * @throws {ShapeError} when the network does not take such images
 * @example
 * console.log(String(summary(resnet20(), [1, 32, 32, 3])));
 */
export function summary(model: Module, inputShape: Shape): Summary {
  const outputs = new Map<Module, Shape>();
  const forwards = [...model.modules()].map(([, module]) => watch(module, outputs));
  const { training } = model;
  model.eval();
  try {
    const graph = noGrad(() =>
      capture((x) => model.forward(x), [{ shape: inputShape, dtype: 'f32' }]),
    );
    const rows = [...model.modules()].map(([path, module]) => ({
      path,
      layer: module.describe(),
      depth: path === '' ? 0 : path.split('.').length,
      output: outputs.get(module),
      parameters: [...module.parameters().values()].reduce(
        (sum, { shape }) => sum + sizeOf(shape),
        0,
      ),
      flops: flopsBelow(path, graph.nodes),
      ...(module instanceof ResidualJoin && hasGates(module) && { gates: module.gates() }),
    }));
    const [{ parameters, flops }] = rows as [SummaryRow];
    const made = { rows, input: inputShape, output: graph.outputs[0]!.shape, parameters, flops };
    return { ...made, toString: () => format(made) };
  } finally {
    forwards.forEach((unwatch) => unwatch());
    model.train(training);
  }
}

/** Notes the shape of what a module returns, until the returned function is called. */
function watch(module: Module, outputs: Map<Module, Shape>): () => void {
  const forward = (x: Tensor): Tensor => {
    const y = Object.getPrototypeOf(module).forward.call(module, x) as Tensor;
    outputs.set(module, y.shape);
    return y;
  };
  Object.defineProperty(module, 'forward', { value: forward, configurable: true });
  return () => delete (module as { forward?: unknown }).forward;
}

const hasGates = (block: ResidualJoin): boolean => Object.keys(block.gates()).length > 0;

function flopsBelow(path: string, nodes: readonly Node[]): number {
  const below = nodes.filter(
    (node) => path === '' || node.path === path || node.path.startsWith(`${path}.`),
  );
  return below.reduce((sum, node) => sum + flopsOf(node), 0);
}

const megaflops = (flops: number): string => (flops / 1e6).toFixed(flops < 1e8 ? 2 : 0);

function format({ rows, parameters, flops }: Omit<Summary, 'toString'>): string {
  const lines = rows.map((row) => [
    '  '.repeat(row.depth) +
      (row.path === '' ? row.layer : `${row.path.split('.').at(-1)}: ${row.layer}`),
    row.output ? row.output.join('×') : '',
    row.parameters ? row.parameters.toLocaleString('en') : '',
    row.flops ? megaflops(row.flops) : '',
  ]);
  const table = formatTable(['module', 'output', 'parameters', 'MFLOP'], lines, [
    'left',
    'left',
    'right',
    'right',
  ]);
  const total = `${parameters.toLocaleString('en')} parameters, ${(flops / 1e6).toFixed(1)} MFLOP forward`;
  return `${table}\n${total}`;
}
