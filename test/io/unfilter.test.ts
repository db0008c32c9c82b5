import { expect, it } from 'vitest';
import { unfilter } from '../../ts/io/png/unfilter.ts';

/** PNG, third edition, section 9.4. */
function nearest(left: number, above: number, corner: number): number {
  const initial = left + above - corner;
  const distance = (value: number): number => Math.abs(initial - value);
  if (distance(left) <= distance(above) && distance(left) <= distance(corner)) return left;
  return distance(above) <= distance(corner) ? above : corner;
}

it("undoes Paeth's filter for whatever neighbours a pixel has", () => {
  const before = new Uint8Array(3);
  const row = new Uint8Array(3);
  let wrong = 0;
  for (let left = 0; left < 256; left += 3) {
    for (let above = 0; above < 256; above += 3) {
      for (let corner = 0; corner < 256; corner += 3) {
        before.set([0, corner, above]);
        // The first pixel has the one above it alone.
        row.set([4, left - corner, 0]);
        unfilter(row, before, 1, 'row');
        if (row[1] !== left || row[2] !== nearest(left, above, corner)) wrong++;
      }
    }
  }
  expect(wrong).toBe(0);
});
