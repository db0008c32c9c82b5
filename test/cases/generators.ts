import { goldenLabels, goldenTensor } from '../golden/generator.ts';
import { sizeOf } from '../../ts/base/shape.ts';
import type { Generator } from './case.ts';

/** Uniform in shift ± scale. */
export function uniform(scale = 1, shift = 0): Generator {
  return (name, shape) => goldenTensor(name, shape, scale, shift);
}

/** Uniform in ±1 without the middle tenth, for functions with a kink at 0. */
export const awayFromZero: Generator = (name, shape) =>
  goldenTensor(name, shape, 0.9).map((x) => x + Math.sign(x) / 10);

/** Numbers in random order, each at least 1/1024 from all others, for functions with a kink at ties. */
export const distinct: Generator = (name, shape) => {
  const keys = goldenTensor(name, shape);
  const order = Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]!);
  const values = new Float32Array(keys.length);
  order.forEach((place, rank) => (values[place] = (rank - keys.length / 2) / 1024));
  return values;
};

/** Multiples of 1/2 in ±1: many ties. */
export const halves: Generator = (name, shape) =>
  goldenTensor(name, shape).map((x) => Math.round(2 * x) / 2);

/** The same number everywhere. */
export function constant(value: number): Generator {
  return (_, shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** These values. */
export function given(values: ArrayLike<number>): Generator {
  return () => Float32Array.from(values);
}

/** These whole numbers. */
export function givenInts(values: ArrayLike<number>): Generator {
  return () => Int32Array.from(values);
}

/** Class numbers. */
export function labels(classes: number): Generator {
  return (name, shape) => goldenLabels(name, sizeOf(shape), classes);
}
