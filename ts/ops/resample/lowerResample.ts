import { channelsOf, sizeOf, type Shape } from '../../base/shape.ts';
import type { Argument, Pointer } from '../../kernels/step.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Lowering, View } from '../op.ts';
import { withSize } from '../moves/axis.ts';
import { stridesOf } from '../moves/strides.ts';
import { meanTaps, unchanged, type AxisMap } from './axisMap.ts';

/** The maps of an axis, or of two neighbours. */
export type Maps = readonly [AxisMap] | readonly [AxisMap, AxisMap];

/** A tensor as the kernel walks it. */
interface Walk {
  readonly view: View;
  /** Elements from one index to the next: of all axes before, rows, columns. */
  readonly strides: readonly [outer: number, row: number, column: number];
}

/**
 * Emits the steps that take y from x along an axis, or along it and the next, which then is the last or the one before. Two maps
 * of many taps go one after the other, where that reads less.
 */
export function lowerResample(to: Lowering, x: View, y: View, axis: number, maps: Maps): void {
  if (sizeOf(y.shape) === 0) return;
  const [rows, columns] = maps;
  if (!columns) return lowerOne(to, x, y, axis, rows);
  const [r, c] = [meanTaps(rows), meanTaps(columns)];
  const places = rows.size * columns.size;
  const atOnce = places * r * c;
  const rowsFirst = rows.size * columns.from * (r + 1) + places * c;
  const columnsFirst = rows.from * columns.size * (c + 1) + places * r;
  if (atOnce <= Math.min(rowsFirst, columnsFirst)) return lowerTwo(to, x, y, axis, rows, columns);
  const before = rowsFirst < columnsFirst;
  const shape = before
    ? withSize(x.shape, axis, rows.size)
    : withSize(x.shape, axis + 1, columns.size);
  const between = denseView(shape, to.workspace(4 * sizeOf(shape)));
  if (before) {
    lowerTwo(to, x, between, axis, rows, unchanged(columns.from));
    lowerTwo(to, between, y, axis, unchanged(rows.size), columns);
  } else {
    lowerTwo(to, x, between, axis, unchanged(rows.from), columns);
    lowerTwo(to, between, y, axis, rows, unchanged(columns.size));
  }
}

/** f32 memory without gaps. */
export const denseView = (shape: Shape, pointer: Pointer): View => ({
  shape,
  dtype: 'f32',
  pointer,
  stride: channelsOf(shape),
});

function lowerTwo(
  to: Lowering,
  x: View,
  y: View,
  axis: number,
  rows: AxisMap,
  columns: AxisMap,
): void {
  const channels = axis + 2 < y.shape.length ? channelsOf(y.shape) : 1;
  const walk = (view: View): Walk => {
    const strides = stridesOf(view);
    return { view, strides: [strides[axis - 1] ?? 0, strides[axis]!, strides[axis + 1]!] };
  };
  emit(to, walk(x), walk(y), axis, rows, columns, channels);
}

function lowerOne(to: Lowering, x: View, y: View, axis: number, map: AxisMap): void {
  const last = y.shape.length - 1;
  const walk =
    (column: (strides: readonly number[]) => number) =>
    (view: View): Walk => {
      const strides = stridesOf(view);
      return { view, strides: [strides[axis - 1] ?? 0, strides[axis]!, column(strides)] };
    };
  if (axis === last) {
    // The taken axis stands for the columns, so that chunks share the rows before it.
    const place = (view: View): Walk => ({
      view,
      strides: [stridesOf(view)[axis - 1] ?? 0, 0, 1],
    });
    return emit(to, place(x), place(y), axis, unchanged(1), map, 1);
  }
  const inner = y.shape.slice(axis + 1);
  const dense = [x, y].every(({ shape, stride }) => stride === channelsOf(shape));
  if (dense || inner.length === 1) {
    const whole = walk(() => 0);
    return emit(to, whole(x), whole(y), axis, map, unchanged(1), sizeOf(inner));
  }
  const pixels = walk((strides) => strides[last - 1]!);
  const columns = unchanged(sizeOf(inner.slice(0, -1)));
  emit(to, pixels(x), pixels(y), axis, map, columns, channelsOf(y.shape));
}

function emit(
  to: Lowering,
  x: Walk,
  y: Walk,
  axis: number,
  rows: AxisMap,
  columns: AxisMap,
  channels: number,
): void {
  to.step({
    kernel: 'resample.forward.f32/simd',
    chunks: elementwiseChunks(sizeOf(y.view.shape) * meanTaps(rows) * meanTaps(columns)),
    args: {
      x: x.view.pointer,
      y: y.view.pointer,
      ...tables('row', rows),
      ...tables('column', columns),
      outer: sizeOf(y.view.shape.slice(0, axis)),
      rows: rows.size,
      columns: columns.size,
      channels,
      xRows: rows.from,
      xColumns: columns.from,
      ...strides('x', x),
      ...strides('y', y),
    },
  });
}

const tables = (axis: string, { starts, taps, weights }: AxisMap): Record<string, Argument> => ({
  [`${axis}Starts`]: starts ?? null,
  [`${axis}Taps`]: taps ?? null,
  [`${axis}Weights`]: weights ?? null,
});

const strides = (
  name: string,
  { strides: [outer, row, column] }: Walk,
): Record<string, number> => ({
  [`${name}OuterStride`]: outer,
  [`${name}RowStride`]: row,
  [`${name}ColumnStride`]: column,
});
