import { sizeOf, type Shape } from '../base/shape.ts';
import { formatTable } from '../base/formatTable.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Gates } from './blocks/residualBlock.ts';
import type { Module } from './module.ts';
import { trace, type Trace } from './trace.ts';

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
  readonly gates?: Gates;
}

/** A network as a table. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  /** Undefined when the network was not run. */
  readonly input: Shape | undefined;
  readonly output: Shape | undefined;
  readonly parameters: number;
  /** Parameters that training changes: those that are not frozen. */
  readonly trainable: number;
  readonly flops: number;
  /** Multiplications that are added up, for the whole batch: half of the flops. */
  readonly multiplyAdds: number;
  /** Aligned columns, the module tree by indentation. */
  toString(): string;
}

/**
 * What a network consists of: its tree of modules with the shape of each output, weights and flops, in inference. Nothing is
 * computed.
 *
 * @param inputShape `[N, H, W, C]`; without it, shapes and flops are left out
 * @throws {ShapeError} when the network does not take such images
 * @example
 * import { resnet20, summary } from 'residua';
 *
 * console.log(String(summary(resnet20(), [1, 32, 32, 3])));
 */
export function summary(model: Module, inputShape?: Shape): Summary {
  const { outputs, flops: flopsAt, result } = inputShape ? trace(model, inputShape) : NOT_RUN;
  const rows = [...model.modules()].map(([path, module]): SummaryRow => {
    const gates = (module as { gates?: () => Gates }).gates?.() ?? {};
    return {
      path,
      layer: module.describe(),
      depth: path === '' ? 0 : path.split('.').length,
      output: outputs.get(module),
      parameters: weightsOf(module),
      flops: flopsBelow(path, flopsAt),
      ...(Object.keys(gates).length > 0 && { gates }),
    };
  });
  const [{ parameters, flops }] = rows as [SummaryRow];
  const trainable = weightsOf(model, (weight) => weight.requiresGrad);
  const totals = { parameters, trainable, flops, multiplyAdds: flops / 2 };
  const made = { rows, input: inputShape, output: result, ...totals };
  return { ...made, toString: () => format(made) };
}

const NOT_RUN: Trace = { outputs: new Map(), flops: [], result: undefined };

/** Elements of the weights of a module and of those below, frozen ones too. */
function weightsOf(module: Module, isCounted: (weight: Tensor) => boolean = () => true): number {
  const buffers = ['running_mean', 'running_var', 'num_batches_tracked'];
  const counted = [...module.stateDict()]
    .filter(([name, weight]) => !buffers.includes(name.split('.').at(-1)!) && isCounted(weight))
    .map(([, weight]) => weight);
  // What several places share is one weight.
  return [...new Set(counted)].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function flopsBelow(path: string, flops: Trace['flops']): number {
  return flops
    .filter(([at]) => path === '' || at === path || at.startsWith(`${path}.`))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** `118.01 M`, `3.80 G`. */
function rounded(count: number): string {
  const [scale, unit] = count >= 1e9 ? [1e9, 'G'] : count >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
  return `${(count / scale).toFixed(2)} ${unit}`;
}

function format(made: Omit<Summary, 'toString'>): string {
  const { rows, parameters, trainable, multiplyAdds, input } = made;
  const lines = rows.map((row) => [
    '  '.repeat(row.depth) +
      (row.path === '' ? row.layer : `${row.path.split('.').at(-1)}: ${row.layer}`),
    row.output ? row.output.join('×') : '',
    row.parameters ? row.parameters.toLocaleString('en') : '',
    row.flops ? rounded(row.flops / 2) : '',
  ]);
  const columns = input ? [0, 1, 2, 3] : [0, 2];
  const head = ['module', 'output', 'parameters', 'mul-adds'];
  const alignments = ['left', 'left', 'right', 'right'] as const;
  const table = formatTable(
    columns.map((column) => head[column]!),
    lines.map((line) => columns.map((column) => line[column]!)),
    columns.map((column) => alignments[column]!),
  );
  const frozen = parameters - trainable;
  return [
    table,
    `${parameters.toLocaleString('en')} parameters` +
      (frozen > 0 ? `, ${frozen.toLocaleString('en')} of them frozen` : '') +
      `, ${((4 * parameters) / 1e6).toFixed(1)} MB`,
    ...(input ? [`${rounded(multiplyAdds)} multiply-adds for ${input.join('×')}`] : []),
  ].join('\n');
}
