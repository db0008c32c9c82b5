import { sizeOf } from '../../base/shape.ts';
import type { Pointer, Step } from '../../kernels/step.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Lowering } from '../op.ts';
import { sizesOf, type Run } from './axes.ts';

/** A tensor that is reduced along its middle axis. */
export type Middle = readonly [outer: number, reduced: number, inner: number];

/** Columns that a chunk folds side by side. */
const COLUMNS = 512;
/** Items that keep several workers busy to the end. */
const ENOUGH_ITEMS = 32;
/** Elements below which a partition is not worth a partial result. */
const GRAIN = 16384;
/** Fewer columns than this leave lanes empty. */
const LANES = 16;

const kept = (runs: readonly Run[]): number => sizesOf(runs.filter(({ reduced }) => !reduced));

/** Arguments of an array along its middle axis. */
export const middleArgs = ([outer, reduced, inner]: Middle): Step['args'] => ({
  outer,
  reduced,
  inner,
});

/** What is folded, and how. */
interface Fold {
  readonly of: 'sum' | 'max' | 'ties';
  readonly x: Pointer;
  /** The best of each set, whose ties are counted. */
  readonly best?: Pointer;
}

/** Emits the passes of a sum or maximum over all runs that are reduced, the last of them first. The result is divided. */
export function lowerFold(
  to: Lowering,
  of: 'sum' | 'max',
  x: Pointer,
  y: Pointer,
  runs: readonly Run[],
  divisor: number,
): void {
  const at = runs.findLastIndex(({ reduced }) => reduced);
  const [before, after] = [runs.slice(0, at < 0 ? 0 : at), runs.slice(at + 1)];
  const middle: Middle = [sizesOf(before), runs[at]?.size ?? 1, sizesOf(after)];
  if (!before.some(({ reduced }) => reduced)) {
    lowerMiddle(to, { of, x }, y, middle, divisor);
    return;
  }
  const between = to.workspace(4 * middle[0] * middle[2]);
  lowerMiddle(to, { of, x }, between, middle, 1);
  lowerFold(to, of, between, y, [...before, ...after], divisor);
}

/** Emits the sum or maximum along the middle axis; of few columns, several rows as one wide row first. */
function lowerMiddle(
  to: Lowering,
  fold: Fold,
  y: Pointer,
  [outer, reduced, inner]: Middle,
  divisor: number,
): void {
  const rows = rowsOfLanes(reduced, inner);
  if (rows === 1) {
    lowerPass(to, fold, y, [outer, reduced, inner], divisor);
    return;
  }
  const between = to.workspace(4 * outer * rows * inner);
  lowerPass(to, fold, between, [outer, reduced / rows, rows * inner], 1);
  lowerPass(to, { ...fold, x: between }, y, [outer, rows, inner], divisor);
}

/** Rows that together fill lanes and divide all rows; 1 where there are none, or columns do. */
function rowsOfLanes(reduced: number, inner: number): number {
  if (inner === 1 || inner >= LANES || reduced < 4 * LANES) return 1;
  for (let rows = Math.floor((4 * LANES) / inner); rows * inner >= LANES; rows--) {
    if (reduced % rows === 0) return rows;
  }
  return 1;
}

/** Emits a kernel that folds along the middle axis, by way of partial results where there are few others. */
function lowerPass(
  to: Lowering,
  { of, x, best }: Fold,
  y: Pointer,
  [outer, reduced, inner]: Middle,
  divisor: number,
): void {
  const items = Math.max(1, outer * Math.ceil(inner / COLUMNS));
  const worth = Math.floor((outer * reduced * inner) / (items * GRAIN));
  const partitions = Math.max(1, Math.min(worth, Math.ceil(ENOUGH_ITEMS / items)));
  const partials = partitions === 1 ? y : to.workspace(4 * outer * partitions * inner);
  to.step({
    kernel: `reduce.${of}.f32/simd`,
    chunks: Math.min(items * partitions, elementwiseChunks(outer * reduced * inner)),
    scratchBytes: 8 * COLUMNS,
    args: {
      x,
      best: best ?? null,
      y: partials,
      ...middleArgs([outer, reduced, inner]),
      partitions,
      block: COLUMNS,
      divisor: partitions === 1 ? divisor : 1,
    },
  });
  if (partitions === 1) return;
  const join: Fold = { of: of === 'max' ? 'max' : 'sum', x: partials };
  lowerPass(to, join, y, [outer, partitions, inner], divisor);
}

/** Emits how often the best is there along the middle axis: best and y `[outer, inner]`. */
export function lowerTies(
  to: Lowering,
  x: Pointer,
  best: Pointer,
  y: Pointer,
  middle: Middle,
): void {
  lowerPass(to, { of: 'ties', x, best }, y, middle, 1);
}

/** Emits the passes that repeat x, which has the kept runs alone, along the others, the first of them first, and divides it. */
export function lowerExpand(
  to: Lowering,
  x: Pointer,
  y: Pointer,
  runs: readonly Run[],
  divisor: number,
): void {
  const at = runs.findIndex(({ reduced }) => reduced);
  const [before, after] = [runs.slice(0, at < 0 ? 0 : at), runs.slice(at + 1)];
  const middle: Middle = [sizesOf(before), runs[at]?.size ?? 1, kept(after)];
  const more = after.some(({ reduced }) => reduced);
  const expanded = more ? to.workspace(4 * sizeOf(middle)) : y;
  to.step({
    kernel: 'reduce.expand.f32/simd',
    chunks: elementwiseChunks(sizeOf(middle)),
    args: { x, y: expanded, ...middleArgs(middle), divisor },
  });
  if (!more) return;
  const known: Run = { size: middle[0] * middle[1], reduced: false };
  lowerExpand(to, expanded, y, [known, ...after], 1);
}
