import { goldenLabels, goldenTensor } from '../golden/generator.ts';
import { entries, mapTree } from '../../ts/ops/places.ts';
import type { AnyOpCases, AnyRow } from './case.ts';
import { differentiable, firstShape, float64Inputs, outputGradient } from './run.ts';

/** A derivative of Σ y·dy along a direction in one input. */
export interface Derivative {
  readonly input: string;
  /** Weight of each element of the input. */
  readonly direction: Float64Array;
  readonly value: number;
}

const STEP = 1e-5;
/** Elements of an input that are looked at one by one. */
const ELEMENTS = 24;
/** Inputs with more elements than this, or outputs, are looked at along random directions alone. */
const LARGE = 2000;

/**
 * Derivatives of the definition by central differences in float64, for each input the op differentiates by: along
 * elements, and along random directions, which see all elements at once.
 */
export function finiteDifferences(entry: AnyOpCases, row: AnyRow): Derivative[] {
  const inputs = float64Inputs(entry, row);
  const named = new Map(entries(inputs));
  const dy = outputGradient(entry, row, firstShape(entry, row));
  const loss = (): number => {
    // The definition may write to some inputs: it gets copies.
    const copies = mapTree(inputs, ({ shape, values }) => ({ shape, values: values.slice() }));
    const y = Object.values(entry.reference(copies, row.attrs))[0]!;
    return dy.reduce((sum, weight, i) => sum + weight * y[i]!, 0);
  };
  const along = (values: Float64Array, direction: Float64Array): number => {
    const start = values.slice();
    const at = (h: number): number => {
      values.forEach((_, i) => (values[i] = start[i]! + h * direction[i]!));
      return loss();
    };
    const value = (at(STEP) - at(-STEP)) / (2 * STEP);
    values.set(start);
    return value;
  };
  return differentiable(entry, row).flatMap((input) => {
    const name = `${entry.op.name}/${row.name}/${[...named.keys()].indexOf(input)}`;
    const { values } = named.get(input)!;
    const size = values.length;
    const large = Math.max(size, dy.length) > LARGE;
    const elements = large ? [] : [...new Set(goldenLabels(`${name}/at`, ELEMENTS, size))];
    const directions = [
      ...(size > 0 ? elements : []).map((at) => new Float64Array(size).fill(1, at, at + 1)),
      Float64Array.from(goldenTensor(`${name}/v0`, [size])),
      Float64Array.from(goldenTensor(`${name}/v1`, [size])),
    ];
    return directions.map((direction) => ({ input, direction, value: along(values, direction) }));
  });
}
