import { compile, type CompileOptions } from '../compile/compile.ts';
import type { TensorFunction } from '../compile/capture.ts';
import type { Plan } from '../compile/plan.ts';
import { planRows } from '../compile/printPlan.ts';
import { useEngine } from '../core/init.ts';
import type { Engine } from '../kernels/engine.ts';
import { sizeOf, type Spec } from '../base/shape.ts';
import type { BenchRow } from './benchRow.ts';
import { ceilingCase } from './ceilingCase.ts';
import { runtimeName } from './runtimeName.ts';
import { median, timeInterleaved, type TimingOptions } from './timing.ts';

/** A case before it is timed. */
export interface BenchCase {
  readonly engine: Engine;
  readonly name: string;
  readonly pass: string;
  /** What stands in the row beside the times. */
  readonly facts: Pick<BenchRow, 'model' | 'batch' | 'm' | 'n' | 'k' | 'peakBytes'>;
  readonly flops: number;
  run(): Promise<unknown>;
  dispose(): void;
}

/** A case that is a plan. */
export interface PlanCase extends BenchCase {
  readonly plan: Plan;
}

/** A compiled function as a case; its inputs are filled with small numbers, integers with zeros. */
export function compiledCase(
  engine: Engine,
  settings: Pick<BenchCase, 'name' | 'pass' | 'facts'>,
  fn: TensorFunction,
  specs: readonly Spec[],
  options: CompileOptions = {},
): PlanCase {
  useEngine(engine);
  const plan = compile(fn, specs, { engine, ...options });
  const inputs = specs.map(({ shape, dtype }) =>
    dtype === 'i32'
      ? new Int32Array(sizeOf(shape))
      : Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 2003) / 1001 - 1),
  );
  return {
    ...settings,
    engine,
    plan,
    facts: { ...settings.facts, peakBytes: plan.peakBytes },
    flops: planRows(plan).reduce((sum, row) => sum + row.flops, 0),
    run: () => plan.run(...inputs),
    dispose: () => plan.dispose(),
  };
}

/** Times cases and the ceilings of their engines in interleaved rounds; frees them. Ceilings come first in the rows. */
export async function runBench(
  cases: readonly BenchCase[],
  options: TimingOptions = {},
): Promise<BenchRow[]> {
  const engines = [...new Set(cases.map((item) => item.engine))];
  const ceilings = new Map(engines.map((engine) => [engine, ceilingCase(engine)]));
  const all = [...ceilings.values(), ...cases];
  const times = await timeInterleaved(all, options);
  const rows = all.map((item): BenchRow => {
    const timing = times.get(item)!;
    const ceiling = ceilings.get(item.engine)!;
    const limits = times.get(ceiling)!.rounds;
    const shares = timing.rounds.map(
      (ms, round) => item.flops / ms / (ceiling.flops / limits[round]!),
    );
    return {
      name: item.name,
      pass: item.pass,
      ...item.facts,
      threads: item.engine.threads,
      runtime: runtimeName(),
      build: item.engine.build,
      simd: item.engine.simd,
      medianMs: timing.medianMs,
      minMs: timing.minMs,
      maxMs: timing.maxMs,
      gflops: item.flops / timing.medianMs / 1e6,
      ceilingShare: median(shares),
    };
  });
  for (const item of all) item.dispose();
  return rows;
}
