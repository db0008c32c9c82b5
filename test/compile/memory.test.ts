import { describe, expect, it } from 'vitest';
import type { Storage } from '../../ts/compile/liveness.ts';
import { placeStorages } from '../../ts/compile/placeStorages.ts';
import { Random } from '../helpers/random.ts';

function draw(random: Random, count: number, nodes: number): Storage[] {
  return Array.from({ length: count }, () => {
    const first = random.int(0, nodes - 1);
    const last = Math.min(nodes - 1, first + (random.int(0, 5) === 0 ? nodes : random.int(0, 4)));
    const bytes = random.coin() ? random.int(0, 200) : 64 * random.int(1, 500);
    return { buffer: { bytes }, first, last, offset: 0 };
  });
}

/** Most bytes in use at once: no arena can be smaller. */
function leastBytes(storages: readonly Storage[], nodes: number): number {
  const live = Array.from({ length: nodes }, (_, node) =>
    storages
      .filter(({ first, last }) => first <= node && node <= last)
      .reduce((sum, { buffer }) => sum + buffer.bytes, 0),
  );
  return Math.max(...live);
}

describe('placeStorages', () => {
  it('keeps apart what is in use at once, in little more memory than that needs', () => {
    let [used, least] = [0, 0];
    for (let i = 0; i < 100; i++) {
      const random = new Random(`storages ${i}`);
      const nodes = random.int(1, 40);
      const storages = draw(random, random.int(1, 60), nodes);
      const peak = placeStorages(storages);
      storages.forEach((one, index) => {
        expect(one.offset % 64).toBe(0);
        expect(one.offset + one.buffer.bytes).toBeLessThanOrEqual(peak);
        for (const other of storages.slice(index + 1)) {
          if (other.first > one.last || one.first > other.last) continue;
          const apart =
            one.offset + one.buffer.bytes <= other.offset ||
            other.offset + other.buffer.bytes <= one.offset;
          expect(apart).toBe(true);
        }
      });
      used += peak;
      least += leastBytes(storages, nodes);
    }
    expect(used / least).toBeLessThan(1.2);
  });

  it('needs nothing for nothing', () => {
    expect(placeStorages([])).toBe(0);
  });
});
