import { ShapeError } from '../../base/errors.ts';
import { formatShape, sizeOf, type Shape } from '../../base/shape.ts';
import type { View } from '../op.ts';

/** Axes that the kernel walks. */
const AXES = 4;

/** One axis of the box in which y lies: its size, and the step of y and of each input along it. */
interface Axis {
  readonly size: number;
  readonly steps: readonly number[];
}

/**
 * The shape to which all of these broadcast: axes are compared from the last on, and those of size 1, or that are not there, repeat.
 *
 * @throws ShapeError naming two that do not fit
 */
export function broadcastShape(name: string, shapes: readonly Shape[]): Shape {
  return shapes.reduce((whole, shape) => {
    const rank = Math.max(whole.length, shape.length);
    return Array.from({ length: rank }, (_, axis) => {
      const [a, b] = [sizeAt(whole, axis - rank), sizeAt(shape, axis - rank)];
      if (a !== b && a !== 1 && b !== 1) {
        throw new ShapeError(
          `${name}: shapes ${formatShape(whole)} and ${formatShape(shape)} do not fit: one has ${a} where the other has ${b}`,
        );
      }
      return a === 1 ? b : a;
    });
  });
}

const sizeAt = (shape: Shape, axisFromEnd: number): number => shape.at(axisFromEnd) ?? 1;

/** Steps of a tensor along the axes of the shape to which it broadcasts. */
export function stepsOf({ shape, stride }: View, whole: Shape): number[] {
  return whole.map((_, axis) => {
    const own = axis - whole.length + shape.length;
    if (own < 0 || shape[own] === 1) return 0;
    return own === shape.length - 1 ? 1 : stride * sizeOf(shape.slice(own + 1, -1));
  });
}

/** The box of y in as few axes as can be: neighbours that all tensors walk alike are one. */
function axesOf(y: View, inputs: readonly View[]): Axis[] {
  const all = [y, ...inputs].map((view) => stepsOf(view, y.shape));
  const axes: Axis[] = [];
  for (const [index, size] of y.shape.entries()) {
    if (size === 1) continue;
    const steps = all.map((own) => own[index]!);
    const before = axes.at(-1);
    if (before?.steps.every((step, i) => step === steps[i]! * size)) {
      axes[axes.length - 1] = { size: before.size * size, steps };
    } else axes.push({ size, steps });
  }
  return axes;
}

/** A part of the work that the kernel does at once: where each tensor begins, in floats, and how it is walked. */
export interface Part {
  /** Of y and of each input. */
  readonly offsets: readonly number[];
  readonly layout: Int32Array;
}

/** The parts of a map; one, unless the tensors broadcast along more axes than the kernel walks. */
export function partsOf(y: View, inputs: readonly View[]): Part[] {
  const axes = axesOf(y, inputs);
  const offsets = [y, ...inputs].map(() => 0);
  return cut(axes, offsets);
}

function cut(axes: readonly Axis[], offsets: readonly number[]): Part[] {
  const [first, ...rest] = axes;
  if (first && axes.length > AXES) {
    return Array.from({ length: first.size }, (_, i) =>
      cut(
        rest,
        offsets.map((offset, tensor) => offset + i * first.steps[tensor]!),
      ),
    ).flat();
  }
  const alone: Axis = { size: 1, steps: offsets.map(() => 0) };
  const box = [...Array.from({ length: AXES - axes.length }, () => alone), ...axes];
  const tensors = offsets.map((_, tensor) => box.map(({ steps }) => steps[tensor]!));
  return [
    { offsets, layout: Int32Array.from([...box.map(({ size }) => size), ...tensors.flat()]) },
  ];
}
