import { median } from '../../ts/inspect/timing.ts';
import type { Launch } from '../peers/compare.ts';
import { PeerProcess } from '../peers/peerProcess.ts';
import type { Peer } from '../peers/peers.ts';
import type { Job } from '../peers/runtimes/runtime.ts';
import { workloadName } from '../peers/workload.ts';

/** How a runtime starts, in milliseconds: medians over processes. */
export interface StartRow {
  readonly workload: string;
  readonly peer: string;
  /** From the start of the process to the first result. */
  readonly firstMs?: number;
  readonly minMs?: number;
  readonly maxMs?: number;
  /** The first run alone, and one when it is warm. */
  readonly firstRunMs?: number;
  readonly warmRunMs?: number;
  readonly peakBytes?: number;
  /** What came before the first run; ours alone. */
  readonly phases?: Readonly<Record<string, number>>;
  /** Why it was not measured. */
  readonly reason?: string;
}

interface Start {
  readonly firstMs: number;
  readonly firstRunMs: number;
  readonly warmRunMs: number;
  readonly peakBytes: number;
  readonly phases: Readonly<Record<string, number>>;
}

/** Long enough for the engine's compiler to be done. */
const WARM_MS = 800;

/** Starts each peer once a round, one after the other; a first round, in which files come into memory, is not counted. */
export async function compareStarts(
  job: Job,
  peers: readonly Peer[],
  rounds: number,
  launch: Launch,
): Promise<StartRow[]> {
  const starts = new Map<Peer, Start[]>(peers.map((peer) => [peer, []]));
  const reasons = new Map<Peer, string>();
  for (let round = -1; round < rounds; round++) {
    for (const peer of peers) {
      if (reasons.has(peer)) continue;
      if (round < 0) launch.note(`${workloadName(job)}: ${peer.name}`);
      try {
        const start = await startOnce(peer, job, launch);
        if (round >= 0) starts.get(peer)!.push(start);
      } catch (error) {
        reasons.set(peer, (error as Error).message);
      }
    }
  }
  const workload = workloadName(job);
  return peers.map((peer) => {
    const reason = reasons.get(peer);
    if (reason !== undefined) return { workload, peer: peer.name, reason };
    return { workload, peer: peer.name, ...summary(starts.get(peer)!) };
  });
}

async function startOnce(peer: Peer, job: Job, launch: Launch): Promise<Start> {
  const process = new PeerProcess(launch.command(peer, job));
  try {
    const { firstRunMs, phases = {} } = await process.ready();
    const { firstMs } = process;
    const peakBytes = await process.peakBytes();
    return {
      firstMs,
      firstRunMs,
      phases,
      peakBytes,
      warmRunMs: median(await process.visit(WARM_MS)),
    };
  } finally {
    await process.close();
  }
}

function summary(starts: readonly Start[]): Omit<StartRow, 'workload' | 'peer' | 'reason'> {
  const medianOf = (of: (start: Start) => number): number => median(starts.map(of));
  const times = starts.map(({ firstMs }) => firstMs);
  const names = Object.keys(starts[0]!.phases);
  return {
    firstMs: median(times),
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    firstRunMs: medianOf(({ firstRunMs }) => firstRunMs),
    warmRunMs: medianOf(({ warmRunMs }) => warmRunMs),
    peakBytes: medianOf(({ peakBytes }) => peakBytes),
    ...(names.length > 0 && {
      phases: Object.fromEntries(
        names.map((name) => [name, medianOf(({ phases }) => phases[name]!)]),
      ),
    }),
  };
}
