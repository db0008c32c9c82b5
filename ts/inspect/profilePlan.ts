import { planRows, type PlanRow } from '../compile/printPlan.ts';
import type { Width } from '../kernels/chooseWidth.ts';
import type { PlanCase } from './benchCase.ts';
import { ceilingCase } from './ceilingCase.ts';
import { runtimeName } from './runtimeName.ts';
import { streamingCase } from './streamingCase.ts';
import { median } from './timing.ts';

/** What some ops of a plan take, and how far that is from the machine's limits. */
export interface Cost {
  readonly medianMs: number;
  /** Part of the time of all ops. */
  readonly share: number;
  readonly flops: number;
  /** By the definition of the op: Winograd's algorithms need fewer multiplications and may pass the ceiling. */
  readonly gflops: number;
  /** gflops by those of multiply-adds on registers, measured in the same rounds. */
  readonly ceilingShare: number;
  /** Of inputs and outputs. */
  readonly bytes: number;
  readonly gigabytesPerSecond: number;
  /** By the rate of a copy in main memory, measured in the same rounds; data in caches may pass it. */
  readonly memoryShare: number;
}

/** An op of a plan with its cost. */
export type ProfileRow = PlanRow & Cost;

/** All ops of one name with their cost. */
export interface ProfileKind extends Cost {
  readonly op: string;
  readonly count: number;
}

/** Where the time of a plan goes. */
export interface Profile {
  readonly name: string;
  readonly pass: string;
  readonly batch: number | undefined;
  readonly runtime: string;
  readonly build: string;
  /** Bits of its vectors. */
  readonly simd: Width;
  readonly threads: number;
  readonly rounds: number;
  readonly ceilingGflops: number;
  readonly memoryGigabytesPerSecond: number;
  /** Of the whole plan, in one call. */
  readonly planMs: number;
  /** Of all ops, each timed by itself. */
  readonly opsMs: number;
  /** `planMs - opsMs`: calls, inputs, outputs; negative where ops by themselves take longer than in a row. */
  readonly betweenMs: number;
  readonly peakBytes: number;
  /** In the order in which they run. */
  readonly rows: readonly ProfileRow[];
  /** By name, the longest first. */
  readonly kinds: readonly ProfileKind[];
}

/** How long a plan is profiled. */
export interface ProfileOptions {
  /** Rounds at least; 7 by default. */
  readonly rounds?: number;
  /** Milliseconds at least, in which more rounds are made; 2000 by default. */
  readonly leastMs?: number;
}

/**
 * Times a plan, each of its ops by itself in the plan's order, and the limits of the machine, in interleaved rounds.
 * State changes as in as many runs.
 */
export async function profilePlan(
  item: PlanCase,
  { rounds: least = 7, leastMs = 2000 }: ProfileOptions = {},
): Promise<Profile> {
  const { engine, plan } = item;
  const [ceiling, memory] = [ceilingCase(engine), streamingCase(engine)];
  plan.locate();
  const nodes = plan.lowered.main.map(({ steps }) => engine.writePlan(steps));
  const runs = [
    // The copy empties the caches: the first run of the plan after it does not count.
    ...[memory, ceiling, item, item].map((part) => () => part.run()),
    ...nodes.map((written) => () => engine.runPlan(written)),
  ];
  const times: number[][] = runs.map(() => []);
  let end = Infinity;
  let rounds = -1;
  for (; rounds < least || performance.now() < end; rounds++) {
    for (const [index, run] of runs.entries()) {
      const start = performance.now();
      await run();
      // The first round warms up.
      if (rounds >= 0) times[index]!.push(performance.now() - start);
    }
    if (rounds < 0) end = performance.now() + leastMs;
  }
  for (const written of nodes) engine.freePlan(written);
  for (const part of [ceiling, memory]) part.dispose();

  type Medians = [number, number, number, number, ...number[]];
  const [memoryMs, ceilingMs, , planMs, ...nodeMs] = times.map(median) as Medians;
  const limits = {
    ceilingGflops: ceiling.flops / ceilingMs / 1e6,
    memoryGigabytesPerSecond: memory.bytes / memoryMs / 1e6,
    opsMs: nodeMs.reduce((sum, ms) => sum + ms, 0),
  };
  const rows = planRows(plan).map((row, index) => ({
    ...row,
    ...costOf(row, nodeMs[index]!, limits),
  }));
  return {
    name: item.name,
    pass: item.pass,
    batch: item.facts.batch,
    runtime: runtimeName(),
    build: engine.build,
    simd: engine.simd,
    threads: engine.threads,
    rounds,
    ...limits,
    planMs,
    betweenMs: planMs - limits.opsMs,
    peakBytes: plan.peakBytes,
    rows,
    kinds: kindsOf(rows, limits),
  };
}

type Limits = Pick<Profile, 'ceilingGflops' | 'memoryGigabytesPerSecond' | 'opsMs'>;

function costOf(
  { flops, bytes }: Pick<Cost, 'flops' | 'bytes'>,
  medianMs: number,
  limits: Limits,
): Cost {
  const gflops = flops / medianMs / 1e6;
  const gigabytesPerSecond = bytes / medianMs / 1e6;
  return {
    medianMs,
    share: medianMs / limits.opsMs,
    flops,
    gflops,
    ceilingShare: gflops / limits.ceilingGflops,
    bytes,
    gigabytesPerSecond,
    memoryShare: gigabytesPerSecond / limits.memoryGigabytesPerSecond,
  };
}

function kindsOf(rows: readonly ProfileRow[], limits: Limits): ProfileKind[] {
  const kinds = [...new Set(rows.map(({ op }) => op))].map((op) => {
    const same = rows.filter((row) => row.op === op);
    const sum = (field: 'flops' | 'bytes' | 'medianMs'): number =>
      same.reduce((total, row) => total + row[field], 0);
    const work = { flops: sum('flops'), bytes: sum('bytes') };
    return { op, count: same.length, ...costOf(work, sum('medianMs'), limits) };
  });
  return kinds.sort((a, b) => b.medianMs - a.medianMs);
}
