import type { PeerRow } from './row.ts';

/** Runtimes that stand in several rows: the start of their names. */
const FAMILIES = ['pytorch'];

/** Marks the fastest row of a runtime that was measured in several ways. */
export function markBest(rows: readonly PeerRow[]): PeerRow[] {
  const best = FAMILIES.flatMap((family) => {
    const own = rows.filter(({ peer, medianMs }) => peer.startsWith(family) && medianMs);
    return own.length < 2 ? [] : [own.reduce((a, b) => (b.medianMs! < a.medianMs! ? b : a))];
  });
  return rows.map((row) => (best.includes(row) ? { ...row, best: true } : row));
}
