import { sizeOf } from '../../ts/base/shape.ts';
import type { Array64 } from './case.ts';

/** Logarithms of softmax along an axis, in f64. */
export function logOf({ shape, values }: Array64, axis: number): Float64Array {
  const inner = sizeOf(shape.slice(axis + 1));
  const size = shape[axis]!;
  const y = new Float64Array(values.length);
  values.forEach((_, first) => {
    if (Math.floor(first / inner) % size !== 0) return;
    const places = Array.from({ length: size }, (_, k) => first + k * inner);
    const most = Math.max(...places.map((i) => values[i]!));
    const all = places.reduce((sum, i) => sum + Math.exp(values[i]! - most), 0);
    for (const i of places) y[i] = values[i]! - most - Math.log(all);
  });
  return y;
}

/** Softmax along an axis, in f64. */
export const softmaxOf = (x: Array64, axis: number): Float64Array => logOf(x, axis).map(Math.exp);
