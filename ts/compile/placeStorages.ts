import type { Storage } from './liveness.ts';

const ALIGN = 64;

/**
 * Gives each storage an offset so that no two that are in use at once overlap: largest first, each at the lowest place
 * that fits (greedy by size; Pisarchyk and Lee 2020). Returns the bytes of the arena: the peak.
 */
export function placeStorages(storages: Iterable<Storage>): number {
  const placed: Storage[] = [];
  let peak = 0;
  const bySize = [...new Set(storages)].sort(
    (a, b) => b.buffer.bytes - a.buffer.bytes || a.first - b.first,
  );
  for (const storage of bySize) {
    const rivals = placed
      .filter((other) => other.first <= storage.last && storage.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (rival.offset >= offset + storage.buffer.bytes) break;
      offset = Math.max(offset, Math.ceil((rival.offset + rival.buffer.bytes) / ALIGN) * ALIGN);
    }
    storage.offset = offset;
    peak = Math.max(peak, offset + storage.buffer.bytes);
    placed.push(storage);
  }
  return Math.ceil(peak / ALIGN) * ALIGN;
}
