import { shown } from './settings.ts';
import type { DType } from './shape.ts';

/** Numbers in row-major order, or rows of them: `[[1, 2], [3, 4]]`. */
export type NestedNumbers = number | ArrayLike<number> | readonly NestedNumbers[];

/** Values of a tensor, and what its axes are if nobody says so. */
export interface Flattened {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
}

const isRow = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || ArrayBuffer.isView(value);

/** Rows as one list. Throws RangeError where they differ in length. */
export function flatten(nested: NestedNumbers): Flattened {
  if (typeof nested === 'number') return { values: [nested], shape: [] };
  const shape: number[] = [];
  for (let row: unknown = nested; isRow(row); row = row[0]) shape.push(row.length);
  if (shape.length < 2) return { values: nested as ArrayLike<number>, shape: [nested.length] };
  const values: number[] = [];
  const visit = (row: ArrayLike<unknown>, place: readonly number[]): void => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      const at = [...place, index];
      const inner = at.length < shape.length;
      if (isRow(value) !== inner || (isRow(value) && value.length !== shape[at.length])) {
        const found = isRow(value) ? `${value.length} values` : shown(value);
        const first = inner ? `${shape[at.length]} values` : 'a number';
        throw new RangeError(
          `tensor: [${at.join('][')}] is ${found} but the first there is ${first}`,
        );
      }
      if (isRow(value)) visit(value, at);
      else values.push(value as number);
    }
  };
  visit(nested, []);
  return { values, shape };
}

/** Values as a kernel reads them. Throws RangeError for one that the type does not hold: it would become another without a word. */
export function typed(
  place: string,
  values: ArrayLike<number>,
  dtype: DType,
): Float32Array | Int32Array {
  const type = dtype === 'f32' ? Float32Array : Int32Array;
  if (values instanceof type) return values;
  const [holds, rule] =
    dtype === 'f32'
      ? [(value: number): boolean => typeof value === 'number', 'numbers']
      : [(value: number): boolean => value === (value | 0), '32-bit whole numbers'];
  for (let index = 0; index < values.length; index++) {
    if (holds(values[index]!)) continue;
    throw new RangeError(
      `${place}: value ${index} is ${shown(values[index])} but ${dtype} holds ${rule}`,
    );
  }
  return type.from(values);
}
