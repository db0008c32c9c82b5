import { median } from '../../ts/inspect/timing.ts';
import { cpuSeconds } from './cpuSeconds.ts';
import type { PeerProcess } from './peerProcess.ts';

/** What a peer did over all rounds. */
export interface Measured {
  /** Median of each visit, in milliseconds, round by round. */
  readonly rounds: readonly number[];
  readonly peakBytes: number;
  /** Share of a core that it used while others were visited; NaN where the system does not tell. */
  readonly idleShare: number;
  /** Cores that it used while it was visited: with spinning threads, and with more threads than it was told, more. */
  readonly cores: number;
}

/** How long and how often peers are visited. */
export interface Rounds {
  readonly rounds: number;
  readonly visitMs: number;
}

/**
 * Visits peers in turn, round by round, so that a slow spell of the machine meets all of them; only one works at a time.
 * A first round is not counted.
 */
export async function measure(
  peers: readonly PeerProcess[],
  { rounds, visitMs }: Rounds,
): Promise<Map<PeerProcess, Measured | Error>> {
  const times = new Map<PeerProcess, number[]>(peers.map((peer) => [peer, []]));
  const idle = new Map(peers.map((peer) => [peer, { cpu: 0, wall: 0 }]));
  const busy = new Map(peers.map((peer) => [peer, { cpu: 0, wall: 0 }]));
  const failed = new Map<PeerProcess, Error>();
  for (let round = -1; round < rounds; round++) {
    for (const peer of peers) {
      if (failed.has(peer)) continue;
      const others = peers.filter((other) => other !== peer && !failed.has(other));
      const before = others.map(({ pid }) => cpuSeconds(pid));
      const own = cpuSeconds(peer.pid);
      const start = performance.now();
      try {
        const ms = await peer.visit(visitMs);
        if (round >= 0) times.get(peer)!.push(median(ms));
      } catch (error) {
        failed.set(peer, error as Error);
      }
      const wall = (performance.now() - start) / 1000;
      const used = busy.get(peer)!;
      used.cpu += cpuSeconds(peer.pid) - own;
      used.wall += wall;
      others.forEach((other, index) => {
        const spent = idle.get(other)!;
        spent.cpu += cpuSeconds(other.pid) - before[index]!;
        spent.wall += wall;
      });
    }
  }
  const results = new Map<PeerProcess, Measured | Error>(failed);
  for (const peer of peers) {
    if (failed.has(peer)) continue;
    const { cpu, wall } = idle.get(peer)!;
    results.set(peer, {
      rounds: times.get(peer)!,
      peakBytes: await peer.peakBytes(),
      idleShare: wall > 0 ? cpu / wall : 0,
      cores: busy.get(peer)!.cpu / busy.get(peer)!.wall,
    });
  }
  return results;
}
