import type { Spec } from '../base/shape.ts';

/** An axis counted from 0, where a negative one is counted from the end; one that x does not have stays for an op to refuse. */
export const axisOf = ({ shape }: Spec, axis: number): number =>
  axis < 0 && axis >= -shape.length ? axis + shape.length : axis;
