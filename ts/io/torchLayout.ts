import { ShapeError } from '../base/errors.ts';
import { outputsFirst } from '../base/outputsFirst.ts';
import { formatShape, type Shape, sizeOf } from '../base/shape.ts';

/**
 * What a weight is, which says how PyTorch lays it out: `conv` is `[KH, KW, Cin / groups, Cout]` here and
 * `[Cout, Cin / groups, KH, KW]` there (a transposed one `[KH, KW, Cout / groups, Cin]` and `[Cin, Cout / groups, KH, KW]`), or both without KH;
 * `linear` is `[in, out]` here and `[out, in]` there, a `vector` (bias, batch
 * norm's parameters and statistics, a counter) is the same.
 */
export type WeightKind = 'conv' | 'linear' | 'vector';

/** Row-major values. */
export interface LaidOut {
  readonly shape: Shape;
  readonly data: Float32Array;
}

const RANKS = { conv: [4, 3], linear: [2] };

/**
 * The shape in a PyTorch file of a weight that has `shape` here.
 *
 * @throws {ShapeError} for a shape that a weight of this kind cannot have
 */
export function torchShape(kind: WeightKind, shape: Shape): Shape {
  checkRank(kind, shape);
  if (kind === 'vector') return shape;
  if (kind === 'linear') return [shape[1]!, shape[0]!];
  return [shape.at(-1)!, shape.at(-2)!, ...shape.slice(0, -2)];
}

/**
 * A weight in PyTorch's layout, copied; a vector is passed on.
 *
 * @throws {ShapeError} for a shape that a weight of this kind cannot have
 */
export function toTorchLayout(kind: WeightKind, weight: LaidOut): LaidOut {
  const shape = torchShape(kind, weight.shape);
  if (kind === 'vector') return weight;
  const [outputs, inputs] = torchExtents(shape);
  return { shape, data: outputsFirst(weight.data, inputs, outputs) };
}

/**
 * A weight from PyTorch's layout, copied; a vector is passed on.
 *
 * @throws {ShapeError} for a shape that a weight of this kind cannot have
 */
export function fromTorchLayout(kind: WeightKind, weight: LaidOut): LaidOut {
  checkRank(kind, weight.shape);
  if (kind === 'vector') return weight;
  const [outputs, inputs, taps] = torchExtents(weight.shape);
  const row = inputs * taps;
  const data = new Float32Array(weight.data.length);
  for (let first = 0; first < outputs; first += ROWS) {
    const count = Math.min(ROWS, outputs - first);
    const rows = weight.data.subarray(first * row, (first + count) * row);
    fromTorchRows(rows, { count, inputs, taps }, data, { first, outputs });
  }
  return { shape: [...weight.shape.slice(2), inputs, outputs], data };
}

/** Outputs, inputs and kernel taps of the shape of a convolution or a linear layer in PyTorch's layout. */
export function torchExtents(shape: Shape): [outputs: number, inputs: number, taps: number] {
  return [shape[0]!, shape[1]!, sizeOf(shape.slice(2))];
}

/** Outputs that are turned together: what they write, in one row of the result, fills a line of the cache. */
export const ROWS = 16;

/**
 * Turns `count` outputs of PyTorch's layout, `[count, inputs, taps]`, into their columns of ours, `[taps, inputs, outputs]`,
 * from column `first` on.
 */
export function fromTorchRows(
  rows: Float32Array,
  {
    count,
    inputs,
    taps,
  }: { readonly count: number; readonly inputs: number; readonly taps: number },
  to: Float32Array,
  { first, outputs }: { readonly first: number; readonly outputs: number },
): void {
  const row = inputs * taps;
  for (let input = 0; input < inputs; input++) {
    for (let tap = 0; tap < taps; tap++) {
      let from = input * taps + tap;
      const start = (tap * inputs + input) * outputs + first;
      for (let at = start; at < start + count; at++, from += row) to[at] = rows[from]!;
    }
  }
}

function checkRank(kind: WeightKind, shape: Shape): void {
  if (kind === 'vector' || RANKS[kind].includes(shape.length)) return;
  throw new ShapeError(
    `torch layout: ${kind} weight has shape ${formatShape(shape)} but must have ${RANKS[kind].join(' or ')} axes`,
  );
}
