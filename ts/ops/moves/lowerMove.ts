import { sizeOf, type Shape } from '../../base/shape.ts';
import { isTable } from '../../kernels/step.ts';
import { after } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Lowering } from '../op.ts';
import type { Strided } from './strides.ts';

/** An axis of a box that is copied. */
interface Axis {
  readonly size: number;
  /** Elements of the source from one index to the next. */
  readonly x: number;
  /** The same of the target. */
  readonly y: number;
}

/** Axes that the kernel walks. */
const AXES = 5;
/** The least length of a row that is worth a vector. */
const SHORT = 4;

/** Emits the steps that copy a box of this shape from one place to another. */
export function lowerMove(to: Lowering, shape: Shape, x: Strided, y: Strided): void {
  if (sizeOf(shape) === 0) return;
  const axes = shape.map((size, axis) => ({ size, x: x.strides[axis]!, y: y.strides[axis]! }));
  if (isThere(axes, x.pointer, y.pointer)) return;
  lowerAxes(to, inOrder(merged(axes)), x.pointer, y.pointer);
}

/** Whether source and target are one. */
function isThere(axes: readonly Axis[], x: Strided['pointer'], y: Strided['pointer']): boolean {
  if (isTable(x) || isTable(y)) return false;
  const same = x.buffer === y.buffer && x.byteOffset === y.byteOffset;
  return same && axes.every((axis) => axis.size === 1 || axis.x === axis.y);
}

function lowerAxes(
  to: Lowering,
  axes: readonly Axis[],
  x: Strided['pointer'],
  y: Strided['pointer'],
): void {
  if (isTable(y)) throw new TypeError('lowerMove: a table cannot be written');
  const elements = sizeOf(axes.map(({ size }) => size));
  const chunks = elementwiseChunks(elements);
  const [outer, ...inner] = axes;
  if (axes.length > AXES) {
    for (let index = 0; index < outer!.size; index++) {
      const from = isTable(x) ? x : after(x, 4 * index * outer!.x);
      lowerAxes(to, inner, from, after(y, 4 * index * outer!.y));
    }
    return;
  }
  const lane = axes.at(-1) ?? { size: 1, x: 1, y: 1 };
  const row = axes.at(-2) ?? { size: 1, x: lane.size, y: lane.size };
  const plain = axes.length <= 2 && lane.y === 1;
  const pixels = { pixels: row.size, channels: lane.size };
  if (plain && lane.x === 1) {
    const args = { x, xStride: row.x, y, yStride: row.y, ...pixels };
    to.step({ kernel: 'copy.forward.f32/simd', chunks, args });
  } else if (plain && isTable(x)) {
    const args = { y, yStride: row.y, ...pixels, value: x[0]! };
    to.step({ kernel: 'copy.fill.f32/simd', chunks, args });
  } else {
    const whole = [...new Array<Axis>(AXES - axes.length).fill({ size: 1, x: 0, y: 0 }), ...axes];
    const args = Object.fromEntries(
      whole.flatMap(({ size, x, y }, axis) => [
        [`size${axis}`, size],
        [`xStride${axis}`, x],
        [`yStride${axis}`, y],
      ]),
    );
    to.step({ kernel: 'copyNd.forward.f32/simd', chunks, args: { x, y, ...args } });
  }
}

/** The fewest axes of the same box, the one that lies together in the target last. */
function merged(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  const sorted = axes.filter(({ size }) => size > 1).sort((a, b) => b.y - a.y);
  for (const axis of sorted) {
    const before = result.at(-1);
    const continues = before?.x === axis.size * axis.x && before.y === axis.size * axis.y;
    if (continues) result.pop();
    result.push(continues ? { ...axis, size: before.size * axis.size } : axis);
  }
  return result;
}

/**
 * The axes with the one before the last that suits it: where rows lie apart in the source, one that lies together there; where they are
 * short, the longest.
 */
function inOrder(axes: Axis[]): Axis[] {
  const lane = axes.at(-1);
  const others = axes.slice(0, -1);
  if (!lane || others.length === 0) return axes;
  const short = lane.size < SHORT;
  if (lane.x === 1 && !short) return axes;
  const longest = Math.max(...others.map(({ size }) => size));
  const row =
    (short ? undefined : others.find(({ x }) => x === 1)) ??
    others.findLast(({ size }) => size === longest)!;
  return [...others.filter((axis) => axis !== row), row, lane];
}
