import { median } from '../../ts/inspect/timing.ts';
import type { Launch } from '../peers/compare.ts';
import type { Contender } from '../peers/contender.ts';
import { PeerProcess } from '../peers/peerProcess.ts';
import type { Job } from '../peers/runtimes/runtime.ts';
import { workloadName } from '../peers/workload.ts';

/** How a runtime starts, in milliseconds: medians over processes. */
export interface StartRow {
  readonly workload: string;
  readonly peer: string;
  /** Bits of the vectors that its WASM may use; absent for native code. */
  readonly simd?: 128 | 256;
  /** What its process runs in: `node 26.10.0`. */
  readonly runtime?: string;
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
  readonly simd?: 128 | 256;
  readonly runtime?: string;
}

/** Long enough for the engine's compiler to be done. */
const WARM_MS = 800;

/** Starts each contender once a round, one after the other; a first round, in which files come into memory, is not counted. */
export async function compareStarts(
  job: Job,
  contenders: readonly Contender[],
  rounds: number,
  launch: Launch,
): Promise<StartRow[]> {
  const starts = new Map<Contender, Start[]>(contenders.map((contender) => [contender, []]));
  const reasons = new Map<Contender, string>();
  for (let round = -1; round < rounds; round++) {
    for (const contender of contenders) {
      if (reasons.has(contender)) continue;
      if (round < 0) launch.note(`${workloadName(job)}: ${contender.peer.name}`);
      try {
        const start = await startOnce(contender, job, launch);
        if (round >= 0) starts.get(contender)!.push(start);
      } catch (error) {
        reasons.set(contender, (error as Error).message);
      }
    }
  }
  return contenders.map((contender): StartRow => {
    const reason = reasons.get(contender);
    const [first] = starts.get(contender)!;
    const simd = first?.simd ?? launch.width(contender);
    const common = {
      workload: workloadName(job),
      peer: contender.peer.name,
      ...(simd !== undefined && { simd }),
      ...(first?.runtime !== undefined && { runtime: first.runtime }),
    };
    if (reason !== undefined) return { ...common, reason };
    return { ...common, ...summary(starts.get(contender)!) };
  });
}

async function startOnce(contender: Contender, job: Job, launch: Launch): Promise<Start> {
  const process = new PeerProcess(launch.command(contender, job));
  try {
    const { firstRunMs, phases = {}, simd, runtime } = await process.ready();
    const { firstMs } = process;
    const peakBytes = await process.peakBytes();
    return {
      firstMs,
      firstRunMs,
      phases,
      peakBytes,
      ...(simd !== undefined && { simd }),
      ...(runtime !== undefined && { runtime }),
      warmRunMs: median(await process.visit(WARM_MS)),
    };
  } finally {
    await process.close();
  }
}

function summary(
  starts: readonly Start[],
): Omit<StartRow, 'workload' | 'peer' | 'simd' | 'runtime' | 'reason'> {
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
