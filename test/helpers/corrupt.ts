import type { RandomStream } from '../../ts/base/random.ts';

/** How a file comes to harm: on its way, on a disk, or by a writer that is wrong. */
const HARMS: readonly ((bytes: Uint8Array, random: RandomStream) => Uint8Array)[] = [
  // A bit turned over, here and there.
  (bytes, random) => {
    const harmed = bytes.slice();
    for (let count = 1 + random.below(4); count > 0; count--) {
      harmed[random.below(harmed.length)]! ^= 1 << random.below(8);
    }
    return harmed;
  },
  // Cut off.
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  // A stretch of another value.
  (bytes, random) => {
    const start = random.below(bytes.length);
    return bytes.slice().fill(random.below(256), start, start + 1 + random.below(64));
  },
  // A stretch left out, or there twice.
  (bytes, random) => {
    const start = random.below(bytes.length);
    const end = start + 1 + random.below(64);
    const [before, after] = random.below(2) === 1 ? [start, end] : [end, start];
    return Uint8Array.from([...bytes.subarray(0, before), ...bytes.subarray(after)]);
  },
  // A number of four bytes that is large, small or negative.
  (bytes, random) => {
    const harmed = bytes.slice();
    const at = random.below(Math.max(1, harmed.length - 4));
    const values = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x00010000];
    const view = new DataView(harmed.buffer);
    if (harmed.length >= 4)
      view.setUint32(at, values[random.below(values.length)]!, random.below(2) === 1);
    return harmed;
  },
  // The end of one part put on the beginning of another.
  (bytes, random) => {
    const [cut, join] = [random.below(bytes.length), random.below(bytes.length)];
    return Uint8Array.from([...bytes.subarray(0, cut), ...bytes.subarray(join)]);
  },
];

/** One of the ways in which a file may be harmed, drawn. */
export function corrupt(bytes: Uint8Array, random: RandomStream): Uint8Array {
  return HARMS[random.below(HARMS.length)]!(bytes, random);
}
