import { describe, expect, it } from 'vitest';
import { findGrowth } from '../../bench/endurance/findGrowth.ts';

const uses = (values: readonly number[], name: 'wasm' | 'used' | 'heap' | 'rss') =>
  values.map((value) => ({ wasm: 1e8, used: 1e6, heap: 2e7, rss: 4e8, [name]: value }));

describe('findGrowth', () => {
  it.each(['wasm', 'used', 'heap', 'rss'] as const)(
    '%s that stays or swings has not grown',
    (name) => {
      expect(findGrowth(uses([5e8, 5e8, 5e8, 5e8, 5e8, 5e8], name))).toEqual([]);
      expect(findGrowth(uses([5e8, 7e8, 5e8, 7e8, 5e8, 7e8], name))).toEqual([]);
    },
  );

  it.each(['wasm', 'used', 'heap', 'rss'] as const)('%s that rises has grown', (name) => {
    const rising = uses([1e8, 2e8, 3e8, 4e8, 5e8, 6e8], name);
    expect(findGrowth(rising)).toEqual([`${name} grew from 200000000 to 500000000 bytes`]);
  });

  it('WASM memory may not rise by a byte, a heap by what a runtime keeps', () => {
    expect(findGrowth(uses([1e8, 1e8, 1e8 + 65536], 'wasm'))).toHaveLength(1);
    expect(findGrowth(uses([2e7, 2e7, 2e7 + 65536], 'heap'))).toEqual([]);
  });
});
