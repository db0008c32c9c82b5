import { bytesOf, formatShape } from '../shape.ts';
import { flopsOf } from './flops.ts';
import type { LoweredNode } from './lower.ts';
import type { Plan } from './plan.ts';

/** One step of a plan as data: what `print(plan)` and `residua inspect --json` show. */
export interface PlanRow {
  readonly path: string;
  readonly op: string;
  readonly kernels: readonly string[];
  readonly output: string;
  /** Bytes of the inputs and outputs. */
  readonly bytes: number;
  readonly flops: number;
}

/** The nodes of a plan in the order in which they run. */
export function planRows(plan: Plan): PlanRow[] {
  return plan.lowered.main.map(rowOf);
}

function rowOf({ node, steps }: LoweredNode): PlanRow {
  const touched = [...node.inputs, ...node.outputs];
  return {
    path: node.path,
    op: node.op.name,
    kernels: [...new Set(steps.map((step) => step.kernel))],
    output: node.outputs.map((output) => formatShape(output.shape)).join(' '),
    bytes: touched.reduce((bytes, value) => bytes + bytesOf(value), 0),
    flops: flopsOf(node),
  };
}

const mega = (value: number): string => (value / 1e6).toFixed(value < 1e6 ? 3 : 1);

/** The plan as a table, with its memory below. */
export function printPlan(plan: Plan): string {
  const rows = planRows(plan);
  const cells = rows.map((row) => [
    row.path || row.op,
    row.kernels.join(' + '),
    row.output,
    mega(row.bytes),
    row.flops ? mega(row.flops) : '',
  ]);
  const head = ['place', 'kernels', 'output', 'MB', 'MFLOP'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i > 2 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const flops = rows.reduce((sum, row) => sum + row.flops, 0);
  const steps = plan.lowered.main.reduce((sum, node) => sum + node.steps.length, 0);
  return [
    line(head),
    ...cells.map(line),
    `${rows.length} ops, ${steps} steps, ${mega(flops)} MFLOP; ` +
      `peak ${mega(plan.peakBytes)} MB, state ${mega(plan.stateBytes)} MB, packed ${mega(plan.constantBytes)} MB`,
  ].join('\n');
}
