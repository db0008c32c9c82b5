import type { MemoryUse } from './memoryUse.ts';

/** Bytes that the runtime's own heap and the allocator's caches may differ by, beside two in a hundred. */
const SLACK: Readonly<Record<keyof MemoryUse, number>> = {
  wasm: 0,
  used: 0,
  heap: 1_000_000,
  rss: 16_000_000,
};

/**
 * The measures that grew: the least of the last third is above the most of the first third. What goes up and down, or
 * rose once, has not grown; WASM memory may not rise at all.
 */
export function findGrowth(uses: readonly MemoryUse[]): string[] {
  const third = Math.max(1, Math.floor(uses.length / 3));
  return (Object.keys(SLACK) as (keyof MemoryUse)[]).flatMap((name) => {
    const values = uses.map((use) => use[name]);
    const before = Math.max(...values.slice(0, third));
    const after = Math.min(...values.slice(-third));
    const allowed = SLACK[name] === 0 ? before : before * 1.02 + SLACK[name];
    return after > allowed ? [`${name} grew from ${before} to ${after} bytes`] : [];
  });
}
