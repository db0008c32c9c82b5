/**
 * What each index of an axis takes of another: index i takes the taps `starts[i]` up to `starts[i + 1]`, or tap i alone; tap t is
 * index `taps[t]`, or t itself, times `weights[t]`, or once.
 */
export interface AxisMap {
  /** Indices that take. */
  readonly size: number;
  /** Indices that there are to take. */
  readonly from: number;
  readonly starts?: Int32Array;
  readonly taps?: Int32Array;
  readonly weights?: Float32Array;
}

/** An axis whose indices stay what they are. */
export const unchanged = (size: number): AxisMap => ({ size, from: size });

/** Taps of one index on the average. */
export const meanTaps = ({ size, taps }: AxisMap): number => (taps ? taps.length / size : 1);

/** The map of the gradient: what each index that is taken gets from those that take it, in their order. */
export function transposed({ size, from, starts, taps, weights }: AxisMap): AxisMap {
  const count = taps?.length ?? size;
  const ends = new Int32Array(from + 1);
  for (let tap = 0; tap < count; tap++) ends[(taps?.[tap] ?? tap) + 1]!++;
  for (let index = 0; index < from; index++) ends[index + 1]! += ends[index]!;
  const next = ends.slice();
  const takers = new Int32Array(count);
  const scaled = weights && new Float32Array(count);
  for (let index = 0; index < size; index++) {
    for (let tap = starts?.[index] ?? index; tap < (starts?.[index + 1] ?? index + 1); tap++) {
      const place = next[taps?.[tap] ?? tap]!++;
      takers[place] = index;
      if (scaled) scaled[place] = weights[tap]!;
    }
  }
  return { size: from, from: size, starts: ends, taps: takers, ...(scaled && { weights: scaled }) };
}
