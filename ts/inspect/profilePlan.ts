import type { Plan } from '../compile/plan.ts';
import { planRows, type PlanRow } from '../compile/printPlan.ts';
import { sizeOf } from '../shape.ts';
import { median } from './timing.ts';

/** A row of a plan with the time its steps take. */
export interface ProfileRow extends PlanRow {
  readonly medianMs: number;
  readonly gflops: number;
  /** Bytes of inputs and outputs by the time, in GB/s: for ops that move memory. */
  readonly gigabytesPerSecond: number;
}

/** Times each op of a plan by itself, all of them in turn, round by round. State changes as in as many runs. */
export async function profilePlan(plan: Plan, rounds = 5): Promise<ProfileRow[]> {
  const { engine, lowered } = plan;
  await plan.run(
    ...plan.graph.inputs.map(({ shape, dtype }) =>
      dtype === 'i32' ? new Int32Array(sizeOf(shape)) : new Float32Array(sizeOf(shape)).fill(0.5),
    ),
  );
  const nodes = lowered.main.map(({ steps }) => engine.writePlan(steps));
  const times: number[][] = nodes.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, written] of nodes.entries()) {
      const start = performance.now();
      await engine.runPlan(written);
      times[index]!.push(performance.now() - start);
    }
  }
  for (const written of nodes) engine.freePlan(written);
  return planRows(plan).map((row, index) => {
    const medianMs = median(times[index]!);
    return {
      ...row,
      medianMs,
      gflops: row.flops / medianMs / 1e6,
      gigabytesPerSecond: row.bytes / medianMs / 1e6,
    };
  });
}
