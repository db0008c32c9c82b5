import { bytesOf, formatShape } from '../base/shape.ts';
import { flopsOf, inputsOf, outputsOf, writtenBy } from '../core/graph.ts';
import { callsOf } from '../kernels/step.ts';
import type { LoweredNode } from './lower.ts';
import type { Plan } from './plan.ts';

/** One step of a plan as data: what `print(plan)` and `residua inspect --json` show. */
export interface PlanRow {
  readonly path: string;
  readonly op: string;
  readonly kernels: readonly string[];
  readonly output: string;
  /** Bytes of the inputs and outputs; what is written in place counts twice. */
  readonly bytes: number;
  readonly flops: number;
  /** True where a plan under a memory budget computes once more what it has not kept. */
  readonly recomputed: boolean;
}

/**
 * The nodes of a plan in the order in which they run.
 *
 * @example
 * import { planRows, Predictor, resnet8 } from 'residua';
 *
 * const plan = new Predictor(resnet8()).plan([1, 32, 32, 3]);
 * for (const { path, op, flops } of planRows(plan)) console.log(path, op, flops);
 */
export function planRows(plan: Plan): PlanRow[] {
  return plan.lowered.main.map(rowOf);
}

function rowOf({ node, steps }: LoweredNode): PlanRow {
  const made = outputsOf(node);
  const touched = [...inputsOf(node), ...made, ...writtenBy(node)];
  return {
    path: node.path,
    op: node.op.title?.(node.attrs) ?? node.op.name,
    kernels: [...new Set(steps.flatMap((step) => callsOf(step).map(({ kernel }) => kernel)))],
    output: made.map((output) => formatShape(output.shape)).join(' '),
    bytes: touched.reduce((bytes, value) => bytes + bytesOf(value), 0),
    flops: flopsOf(node),
    recomputed: node.recomputed === true,
  };
}

const mega = (value: number): string => (value / 1e6).toFixed(value < 1e6 ? 3 : 1);

/** Columns of the table: place, op, shape of its first output, MB, MFLOP. */
type Line = readonly [place: string, op: string, output: string, bytes: string, flops: string];

const HEAD: Line = ['place', 'op and kernels', 'output', 'MB', 'MFLOP'];

/** The plan as a table of ops with their kernels below each, and its memory at the end. */
export function printPlan(plan: Plan): string {
  const rows = planRows(plan);
  const runs = mergeRepeated(rows);
  const lines = runs.map(({ row, count, bytes }): Line => {
    const name = row.recomputed ? `${row.op} again` : row.op;
    const op = count > 1 ? `${name} × ${count}` : name;
    const [output] = row.output.split(/(?<=]) /);
    return [shorten(row.path), op, output ?? '', mega(bytes), row.flops ? mega(row.flops) : ''];
  });
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]!.length)),
  );
  const show = (line: Line): string =>
    line
      .map((cell, i) => (i > 2 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const indent = ' '.repeat(widths[0]! + 4);
  const body = runs.flatMap(({ row }, index) => [
    show(lines[index]!),
    ...row.kernels.map((kernel) => indent + kernel),
  ]);
  const flops = rows.reduce((sum, row) => sum + row.flops, 0);
  const steps = plan.lowered.main.reduce((sum, node) => sum + node.steps.length, 0);
  return [
    show(HEAD),
    ...body,
    `${rows.length} ops, ${steps} steps, ${mega(flops)} MFLOP`,
    ...describeAgain(rows),
    ...describeMemory(plan),
  ].join('\n');
}

/** Memory by what it is for. The parts of the peak are each at their own highest point, so they need not add up to it. */
function describeMemory(plan: Plan): string[] {
  const { activations, workspaces, prologue, scratch } = plan.lowered.bytes;
  const held = plan.stateBytes - plan.deferredBytes;
  const parts = (list: Readonly<Record<string, number>>): string =>
    Object.entries(list)
      .filter(([, bytes]) => bytes > 0)
      .map(([name, bytes]) => `${name} ${mega(bytes)} MB`)
      .join(', ');
  const arena = parts({ activations, workspaces, 'weights to be packed': prologue });
  const weights = parts({ held, deferred: plan.deferredBytes });
  return [
    `peak ${mega(plan.peakBytes)} MB: ${arena || 'nothing'}`,
    `state ${mega(plan.stateBytes)} MB: ${weights || 'nothing'}`,
    `packed ${mega(plan.constantBytes)} MB, scratch ${mega(plan.engine.threads * scratch)} MB`,
  ];
}

/** What the plan pays in flops for the memory it saves. */
function describeAgain(rows: readonly PlanRow[]): string[] {
  const again = rows.filter((row) => row.recomputed);
  if (again.length === 0) return [];
  const [extra, all] = [again, rows].map((some) => some.reduce((sum, row) => sum + row.flops, 0));
  const share = (100 * extra!) / Math.max(1, all! - extra!);
  return [
    `${again.length} ops computed again to save memory: ${mega(extra!)} MFLOP, ${share.toFixed(1)} % more`,
  ];
}

const WIDEST_PLACE = 26;

/** The end of a place says most. */
function shorten(place: string): string {
  return place.length > WIDEST_PLACE ? `…${place.slice(1 - WIDEST_PLACE)}` : place;
}

interface Run {
  readonly row: PlanRow;
  readonly count: number;
  readonly bytes: number;
}

/** Puts ops together that follow one another and differ in size alone: an optimizer's, one for each weight. */
function mergeRepeated(rows: readonly PlanRow[]): Run[] {
  const runs: Run[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    const same = (field: 'path' | 'op' | 'output' | 'kernels' | 'recomputed'): boolean =>
      String(last?.row[field]) === String(row[field]);
    if (
      last &&
      same('path') &&
      same('recomputed') &&
      same('op') &&
      same('output') &&
      same('kernels')
    ) {
      runs[runs.length - 1] = { row, count: last.count + 1, bytes: last.bytes + row.bytes };
    } else {
      runs.push({ row, count: 1, bytes: row.bytes });
    }
  }
  return runs;
}
