import { median } from '../../ts/inspect/timing.ts';
import type { Contender } from './contender.ts';
import { markBest } from './markBest.ts';
import { measure, type Measured, type Rounds } from './measure.ts';
import { OURS } from './peers.ts';
import { PeerProcess, type CommandLine } from './peerProcess.ts';
import type { Prepared } from './prepare.ts';
import type { PeerRow } from './row.ts';
import type { Job } from './runtimes/runtime.ts';
import { workloadName, type Workload } from './workload.ts';

/** How a contender's process is started, and what its row says of it. */
export interface Launch {
  command(contender: Contender, job: Job): CommandLine;
  version(contender: Contender): string | undefined;
  /** Bits of the vectors that its WASM may use; undefined for native code. */
  width(contender: Contender): 128 | 256 | undefined;
  /** Told what is being done, for people who wait. */
  note(text: string): void;
}

/** Logits and the first loss of two correct programs differ by less, in units of the largest. */
const AGREEMENT = 1e-4;

/** Losses after updates may differ by more: batch norm over few pixels enlarges rounding errors at every step. */
const LATER_AGREEMENT = 5e-2;

interface Ready {
  readonly contender: Contender;
  readonly process: PeerProcess;
  readonly about: Pick<PeerRow, 'simd' | 'version' | 'runtime' | 'facts'>;
  readonly deviation: number;
  readonly losses: readonly number[];
}

/** Measures contenders, the first of which is this project, on one workload in one interleaved run. */
export async function compare(
  workload: Workload,
  { files, flops }: Prepared,
  contenders: readonly Contender[],
  rounds: Rounds,
  launch: Launch,
): Promise<PeerRow[]> {
  const { pass, model, size, batch, threads } = workload;
  const common = { workload: workloadName(workload), pass, model, size, batch, threads };
  const ready: Ready[] = [];
  const reasons = new Map<Contender, string>();
  try {
    for (const contender of contenders) {
      const { peer } = contender;
      launch.note(`${common.workload}: ${nameOf(contender, launch)}`);
      const process = new PeerProcess(launch.command(contender, { ...workload, files }));
      try {
        const told = await process.ready();
        const { deviation, losses } = told;
        const version = launch.version(contender) ?? told.version;
        const simd = told.simd ?? launch.width(contender);
        const about = {
          ...(simd !== undefined && { simd }),
          ...(version !== undefined && { version }),
          ...(told.runtime !== undefined && { runtime: told.runtime }),
          facts: [version, told.facts].filter(Boolean).join(', '),
        };
        const all = pass === 'train' ? lossDeviation(losses, ready[0]?.losses) : [deviation];
        const differs = peer.ownOptimizer ? all.slice(0, 1) : all;
        if (!differs.every((value, step) => value <= (step > 0 ? LATER_AGREEMENT : AGREEMENT))) {
          const what = pass === 'train' ? 'first losses' : 'logits';
          const shown = differs.map((value) => value.toExponential(1)).join(', ');
          throw new Error(`its ${what} differ from ours by ${shown}`);
        }
        ready.push({ contender, process, about, deviation: Math.max(...differs), losses });
      } catch (error) {
        reasons.set(contender, (error as Error).message);
        await process.close();
        if (peer === OURS) throw error;
      }
    }
    launch.note(`${common.workload}: ${rounds.rounds} rounds`);
    const measured = await measure(
      ready.map(({ process }) => process),
      rounds,
    );
    for (const { contender, process } of ready) {
      const result = measured.get(process);
      if (result instanceof Error) reasons.set(contender, result.message);
    }
    const rows = contenders.map((contender): PeerRow => {
      const { peer, python, checkout } = contender;
      const whose = {
        peer: peer.name,
        ...(python !== undefined && { python }),
        ...(checkout && { checkout: true, version: checkout.version }),
      };
      const reason = reasons.get(contender);
      if (reason !== undefined) {
        const simd = launch.width(contender);
        return { ...common, ...whose, ...(simd !== undefined && { simd }), reason };
      }
      const own = ready.find((item) => item.contender === contender)!;
      const result = measured.get(own.process) as Measured;
      const reference = referenceOf(own, ready);
      const ours = measured.get(reference.process) as Measured;
      return {
        ...common,
        ...figures(result, flops),
        ...(own !== reference && {
          ...ratios(result, ours),
          deviation: own.deviation,
          ...(reference.about.simd !== undefined && { oursSimd: reference.about.simd }),
        }),
        ...whose,
        ...own.about,
        firstMs: own.process.firstMs,
      };
    });
    return markBest(rows);
  } finally {
    for (const { process } of ready) await process.close();
  }
}

/** What people who wait are told of a contender. */
function nameOf({ peer, simd, python, checkout }: Contender, launch: Launch): string {
  const width = simd === 'auto' ? undefined : launch.width({ peer, simd });
  const more = [checkout?.version, python, width && `${width} bits`].filter(Boolean).join(', ');
  return more ? `${peer.name} (${more})` : peer.name;
}

/**
 * Which of ours a contender is held against: other runtimes on WASM against ours at their own width, everything else, ours
 * at other widths and our older code among it, against ours at the widest.
 */
function referenceOf({ contender, about }: Ready, ready: readonly Ready[]): Ready {
  const ours = ready.filter(({ contender: { peer } }) => peer === OURS);
  const widest = ours.reduce((a, b) => ((b.about.simd ?? 0) > (a.about.simd ?? 0) ? b : a));
  const { peer } = contender;
  const isOther = peer.wasm && (peer.runs ?? peer.name) !== OURS.name;
  return (isOther && ours.find((own) => own.about.simd === about.simd)) || widest;
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
