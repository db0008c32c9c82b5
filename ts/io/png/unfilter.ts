import { FormatError } from '../../base/errors.ts';

/**
 * Turns a row of differences back into samples, in place. The first byte of a row says which neighbours were taken off: of
 * the pixel before it, the row above it, or both.
 *
 * @param before the row above, done; zeros for the first
 * @param bytes of a pixel, at least 1
 * @throws {FormatError} for a filter that PNG does not have
 */
export function unfilter(row: Uint8Array, before: Uint8Array, bytes: number, place: string): void {
  const filter = row[0]!;
  const { length } = row;
  const first = Math.min(length, 1 + bytes);
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let at = first; at < length; at++) row[at]! += row[at - bytes]!;
      return;
    case 2:
      for (let at = 1; at < length; at++) row[at]! += before[at]!;
      return;
    case 3:
      for (let at = 1; at < first; at++) row[at]! += before[at]! >> 1;
      for (let at = first; at < length; at++) row[at]! += (row[at - bytes]! + before[at]!) >> 1;
      return;
    case 4:
      for (let at = 1; at < first; at++) row[at]! += before[at]!;
      for (let at = first; at < length; at++) {
        row[at]! += paeth(row[at - bytes]!, before[at]!, before[at - bytes]!);
      }
      return;
    default:
      throw new FormatError(`${place}: filter is ${filter} but must be 0 to 4`);
  }
}

/**
 * Whichever of the three is nearest to left + above − corner. With lo ≤ hi of left and above, that is lo where
 * 3 · corner ≥ left + above + hi, hi where it is at most left + above + lo, else the corner. Signs serve as masks, since
 * branches on pixels are guessed wrong half the time.
 */
function paeth(left: number, above: number, corner: number): number {
  const difference = left - above;
  const under = difference & (difference >> 31);
  const lo = above + under;
  const hi = left - under;
  const turn = 3 * corner - left - above;
  const loOrCorner = lo + ((corner - lo) & ((turn - hi) >> 31));
  return hi + ((loOrCorner - hi) & ((lo - turn) >> 31));
}
