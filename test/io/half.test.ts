import { describe, expect, it } from 'vitest';
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from '../../ts/io/half.ts';
import { RandomStream } from '../../ts/base/random.ts';

const formats = [
  { name: 'F16', fractionBits: 10, bias: 15, widen: halfToFloat, narrow: floatToHalf },
  { name: 'BF16', fractionBits: 7, bias: 127, widen: bfloatToFloat, narrow: floatToBfloat },
];
const words = Uint16Array.from({ length: 65536 }, (_, word) => word);

describe.each(formats)('$name', ({ fractionBits, bias, widen, narrow }) => {
  const infinity = (2 * bias + 1) << fractionBits;
  const floats = widen(words);
  const narrowOne = (value: number) => narrow(Float32Array.of(value))[0]!;

  /** The value of a word by the definition: sign, exponent, fraction. */
  function valueOf(word: number): number {
    const magnitude = word & 0x7fff;
    const exponent = magnitude >> fractionBits;
    const fraction = (magnitude % 2 ** fractionBits) / 2 ** fractionBits;
    if (magnitude > infinity) return NaN;
    if (magnitude === infinity) return word === magnitude ? Infinity : -Infinity;
    const value =
      exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
    return word === magnitude ? value : -value;
  }

  it('widens all 65,536 words exactly', () => {
    expect(words.filter((word) => !Object.is(floats[word], valueOf(word)))).toHaveLength(0);
  });

  it('narrows every widened word to itself, NaN to NaN', () => {
    const back = narrow(floats);
    const isNaN = (word: number) => (word & 0x7fff) > infinity;
    const wrong = words.filter((word) => (isNaN(word) ? !isNaN(back[word]!) : back[word] !== word));
    expect(wrong).toHaveLength(0);
  });

  it('narrows to nearest, ties to even', () => {
    const wrong = words.subarray(0, infinity - 1).filter((word) => {
      const tie = (floats[word]! + floats[word + 1]!) / 2;
      const even = word + (word & 1);
      return (
        Math.fround(tie) !== tie ||
        narrowOne(neighbour(tie, -1)) !== word ||
        narrowOne(tie) !== even ||
        narrowOne(-tie) !== (even | 0x8000) ||
        narrowOne(neighbour(tie, 1)) !== word + 1
      );
    });
    expect(wrong).toHaveLength(0);
  });

  it('narrows random values to the nearest word', () => {
    const random = new RandomStream(1, 'half');
    const bits = Uint32Array.from({ length: 20_000 }, () => random.uint32());
    const values = new Float32Array(bits.buffer).filter((value) => Math.abs(value) < 60_000);
    const narrowed = narrow(values);
    const errors = [0, -1, 1].map((step) => {
      const near = widen(narrowed.map((word) => word + step));
      return Array.from(values, (value, index) => Math.abs(near[index]! - value));
    });
    const wrong = values.filter((_, index) => {
      const [own, below, above] = errors.map((list) => list[index]!);
      return own! > below! || own! > above!;
    });
    expect(values.length).toBeGreaterThan(10_000);
    expect(wrong).toHaveLength(0);
  });

  it('narrows half a step beyond its largest value to infinity, and less to that value', () => {
    const largest = floats[infinity - 1]!;
    const tie = largest + (largest - floats[infinity - 2]!) / 2;
    expect(narrowOne(neighbour(tie, -1))).toBe(infinity - 1);
    expect(narrowOne(tie)).toBe(infinity);
    expect(narrowOne(-tie)).toBe(infinity | 0x8000);
    expect(narrowOne(3.4028235e38)).toBe(infinity);
  });
});

/** The f32 just above or below a positive value. */
function neighbour(value: number, step: 1 | -1): number {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  word[0]! += step;
  return new Float32Array(word.buffer)[0]!;
}
