import { describe, expect, it } from 'vitest';
import { philox4x32, RandomStream } from '../../ts/base/random.ts';

function block(counter: number[], key: number[]): string[] {
  const out = new Uint32Array(4);
  philox4x32(counter, key, out);
  return [...out].map((word) => word.toString(16).padStart(8, '0'));
}

describe('philox4x32', () => {
  // Known answers of the Random123 distribution, kat_vectors, philox4x32 10.
  const ones = 0xffffffff;
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[ones, ones, ones, ones], [ones, ones], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ])('counter %j, key %j', (counter, key, expected) => {
    expect(block(counter, key).join(' ')).toBe(expected);
  });
});

describe('RandomStream', () => {
  const words = (stream: RandomStream, count: number): number[] =>
    Array.from({ length: count }, () => stream.uint32());

  it('repeats from the same seed, stream and step, and from nothing else', () => {
    const first = words(new RandomStream(1, 'a', 3), 9);
    expect(words(new RandomStream(1, 'a', 3), 9)).toEqual(first);
    expect(words(new RandomStream(2, 'a', 3), 9)).not.toEqual(first);
    expect(words(new RandomStream(1 + 2 ** 32, 'a', 3), 9)).not.toEqual(first);
    expect(words(new RandomStream(1, 'b', 3), 9)).not.toEqual(first);
    expect(words(new RandomStream(1, 'a', 4), 9)).not.toEqual(first);
  });

  it('starts anywhere', () => {
    const all = words(new RandomStream(7, 'a'), 16);
    const stream = new RandomStream(7, 'a');
    stream.uint32();
    stream.seek(2);
    expect(words(stream, 4)).toEqual(all.slice(8, 12));
  });

  it('draws below a limit evenly', () => {
    const stream = new RandomStream(1, 'dice');
    const counts = new Array<number>(6).fill(0);
    for (let draw = 0; draw < 60_000; draw++) counts[stream.below(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  it('draws below a limit beyond half the range, where words are rejected', () => {
    const limit = 2 ** 31 + 1;
    const stream = new RandomStream(1, 'wide');
    let sum = 0;
    for (let draw = 0; draw < 10_000; draw++) {
      const value = stream.below(limit);
      expect(value).toBeLessThan(limit);
      sum += value / limit;
    }
    expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.01);
  });

  it('draws uniform numbers that f32 holds', () => {
    const stream = new RandomStream(1, 'uniform');
    for (let draw = 0; draw < 1000; draw++) {
      const value = stream.uniform();
      expect(Math.fround(value)).toBe(value);
      expect(value >= 0 && value < 1).toBe(true);
    }
  });

  it('permutes without loss', () => {
    const order = new RandomStream(1, 'order').permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...order.slice(0, 4)]).not.toEqual([0, 1, 2, 3]);
    expect(new RandomStream(1, 'order').permutation(0)).toHaveLength(0);
  });

  it.each([-1, 0.5, NaN, 2 ** 53])('refuses seed %s', (seed) => {
    expect(() => new RandomStream(seed, 'a')).toThrow(
      `random: seed is ${seed} but must be an integer from 0 to 2^53 - 1`,
    );
  });
});
