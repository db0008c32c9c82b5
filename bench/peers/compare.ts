import { median } from '../../ts/inspect/timing.ts';
import { measure, type Measured, type Rounds } from './measure.ts';
import { OURS, type Peer } from './peers.ts';
import { PeerProcess, type CommandLine } from './peerProcess.ts';
import type { Prepared } from './prepare.ts';
import type { PeerRow } from './row.ts';
import type { Job } from './runtimes/runtime.ts';
import { workloadName, type Workload } from './workload.ts';

/** How a peer's process is started, and what its row says of it. */
export interface Launch {
  command(peer: Peer, job: Job): CommandLine;
  version(peer: Peer): string | undefined;
  /** Told what is being done, for people who wait. */
  note(text: string): void;
}

/** Logits and the first loss of two correct programs differ by less, in units of the largest. */
const AGREEMENT = 1e-4;

/** Losses after updates may differ by more: batch norm over few pixels enlarges rounding errors at every step. */
const LATER_AGREEMENT = 5e-2;

interface Ready {
  readonly peer: Peer;
  readonly process: PeerProcess;
  readonly facts: string;
  readonly deviation: number;
  readonly losses: readonly number[];
}

/** Measures this project and peers on one workload in one interleaved run. */
export async function compare(
  workload: Workload,
  { files, flops }: Prepared,
  peers: readonly Peer[],
  rounds: Rounds,
  launch: Launch,
): Promise<PeerRow[]> {
  const { pass, model, size, batch, threads } = workload;
  const common = { workload: workloadName(workload), pass, model, size, batch, threads };
  const ready: Ready[] = [];
  const reasons = new Map<Peer, string>();
  try {
    for (const peer of [OURS, ...peers]) {
      launch.note(`${common.workload}: ${peer.name}`);
      const process = new PeerProcess(launch.command(peer, { ...workload, files }));
      try {
        const { facts, deviation, losses } = await process.ready();
        const version = launch.version(peer);
        const told = [version, facts].filter(Boolean).join(', ');
        const all = pass === 'train' ? lossDeviation(losses, ready[0]?.losses) : [deviation];
        const differs = peer.ownOptimizer ? all.slice(0, 1) : all;
        if (!differs.every((value, step) => value <= (step > 0 ? LATER_AGREEMENT : AGREEMENT))) {
          const what = pass === 'train' ? 'first losses' : 'logits';
          const shown = differs.map((value) => value.toExponential(1)).join(', ');
          throw new Error(`its ${what} differ from ours by ${shown}`);
        }
        ready.push({ peer, process, facts: told, deviation: Math.max(...differs), losses });
      } catch (error) {
        reasons.set(peer, (error as Error).message);
        await process.close();
        if (peer === OURS) throw error;
      }
    }
    launch.note(`${common.workload}: ${rounds.rounds} rounds`);
    const measured = await measure(
      ready.map(({ process }) => process),
      rounds,
    );
    for (const { peer, process } of ready) {
      const result = measured.get(process);
      if (result instanceof Error) reasons.set(peer, result.message);
    }
    const ours = measured.get(ready[0]!.process) as Measured;
    return [OURS, ...peers].map((peer): PeerRow => {
      const reason = reasons.get(peer);
      if (reason !== undefined) return { ...common, peer: peer.name, reason };
      const { process, facts, deviation } = ready.find((item) => item.peer === peer)!;
      const result = measured.get(process) as Measured;
      return {
        ...common,
        ...figures(result, flops),
        ...(peer !== OURS && { ...ratios(result, ours), deviation }),
        peer: peer.name,
        facts,
        firstMs: process.firstMs,
      };
    });
  } finally {
    for (const { process } of ready) await process.close();
  }
}

/** Relative differences of the losses of the first steps; 0 when there is nothing to compare with. */
function lossDeviation(found: readonly number[], ours = found): number[] {
  return found.map((loss, step) => Math.abs(loss / ours[step]! - 1));
}

function figures(
  { rounds, peakBytes, idleShare, cores }: Measured,
  flops: number,
): Partial<PeerRow> {
  const medianMs = median(rounds);
  const limits = { minMs: Math.min(...rounds), maxMs: Math.max(...rounds) };
  return {
    medianMs,
    ...limits,
    rounds,
    gflops: flops / medianMs / 1e6,
    peakBytes,
    idleShare,
    cores,
  };
}

function ratios({ rounds }: Measured, ours: Measured): Partial<PeerRow> {
  const each = rounds.map((ms, round) => ms / ours.rounds[round]!);
  return { ratio: median(each), minRatio: Math.min(...each), maxRatio: Math.max(...each) };
}
