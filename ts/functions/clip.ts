import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { clip as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';
import { expectReal } from './expectReal.ts';

/** Throws RangeError for ends of a range that are no numbers, or in the wrong order. */
export function checkRange(place: string, least: number, most: number): void {
  expectReal(place, 'least', least);
  expectReal(place, 'most', most);
  if (least > most) throw new RangeError(`${place}: least is ${least} but most is ${most}`);
}

/**
 * `min(max(x, least), most)` element by element, of x's shape; the slope at both ends is 1, as in PyTorch. A NaN stays a NaN.
 *
 * @throws RangeError when least or most is NaN, or least is greater; TypeError when x is not f32.
 * @example
 * import { clip, tensor } from 'residua';
 *
 * console.log(clip(tensor([-2, 0.5, 9]), 0, 1).data()); // 0, 0.5, 1
 */
export function clip(x: Tensor, least: number, most: number): Tensor {
  checkRange('clip', least, most);
  return apply(map, { parts: [x] }, formula(least, most)).y;
}
