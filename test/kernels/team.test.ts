import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpus } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine, WrittenPlan } from '../../ts/kernels/engine.ts';
import type { Buffer, Step } from '../../ts/kernels/step.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { Random } from '../helpers/random.ts';

const COUNT = 512;
const LINKS = 6;

/** Small steps, each of which needs all of the one before: y₀ = x, yᵢ₊₁ = yᵢ + y₀ read from the far end. */
class Chain {
  readonly engine: Engine;
  readonly buffers: Required<Buffer>[];
  readonly steps: Step[];

  constructor(engine: Engine, chunks: number) {
    this.engine = engine;
    this.buffers = Array.from({ length: LINKS + 1 }, () => engine.allocate(4 * COUNT));
    const at = (i: number, byteOffset = 0) => ({ buffer: this.buffers[i]!, byteOffset });
    // Rows of one half are added to those of the other, so that every chunk reads what another one wrote.
    const half = COUNT / 2;
    this.steps = Array.from({ length: LINKS }, (_, i) => i).flatMap((i) =>
      [0, 4 * half].map((offset) => ({
        kernel: 'add.forward.f32/simd',
        chunks,
        args: {
          a: at(i, offset),
          aStride: 1,
          b: at(i, 4 * half - offset),
          bStride: 1,
          y: at(i + 1, offset),
          yStride: 1,
          pixels: half,
          channels: 1,
          relu: 0,
        },
      })),
    );
  }

  write(seed: number): void {
    const values = Float32Array.from({ length: COUNT }, (_, i) => ((i * 7 + seed) % 101) - 50);
    this.engine.write({ buffer: this.buffers[0]!, byteOffset: 0 }, values);
  }

  /** Sums of whole numbers are exact: each link doubles what the first made. */
  check(seed: number): void {
    const last = this.engine.read({ buffer: this.buffers[LINKS]!, byteOffset: 0 }, COUNT, 'f32');
    const x = (i: number): number => ((i * 7 + seed) % 101) - 50;
    const at = last.findIndex((value, i) => {
      return value !== (x(i) + x((i + COUNT / 2) % COUNT)) * 2 ** (LINKS - 1);
    });
    if (at >= 0) expect.fail(`run ${seed}: element ${at} is ${last[at]}`);
  }

  free(): void {
    for (const buffer of this.buffers) this.engine.free(buffer);
  }
}

async function run(engine: Engine, plan: WrittenPlan): Promise<void> {
  expect(await engine.runPlan(plan)).toBe(true);
}

/** Many short runs, with plans rewritten, freed and memory grown between them. */
async function stress(engine: Engine, runs: number): Promise<void> {
  const random = new Random(`team ${runs}`);
  const chains = [1, 2, 5, 16].map((chunks) => new Chain(engine, chunks));
  const plans = chains.map((chain) => engine.writePlan(chain.steps));
  for (let seed = 0; seed < runs; seed++) {
    const index = random.int(0, chains.length - 1);
    const chain = chains[index]!;
    chain.write(seed);
    if (random.int(0, 3) === 0) {
      engine.runSteps(chain.steps);
    } else {
      await run(engine, plans[index]!);
    }
    chain.check(seed);
    if (random.int(0, 40) === 0) {
      engine.freePlan(plans[index]!);
      plans[index] = engine.writePlan(chain.steps);
    }
    if (random.int(0, 400) === 0) engine.free(engine.allocate(random.int(1, 3_000_000)));
  }
  for (const plan of plans) engine.freePlan(plan);
  for (const chain of chains) chain.free();
}

/** Random sums among some buffers, many of which need not wait for each other; checked against the same in order. */
async function tangle(engine: Engine, plans: number): Promise<void> {
  const random = new Random(`tangle ${plans}`);
  const buffers = Array.from({ length: 8 }, () => engine.allocate(4 * COUNT));
  const at = (i: number) => ({ buffer: buffers[i]!, byteOffset: 0 });
  for (let round = 0; round < plans; round++) {
    const pick = (): number => random.int(0, buffers.length - 1);
    const sums = Array.from({ length: 16 }, () => ({ a: pick(), b: pick(), y: pick() }));
    const steps = sums.map(({ a, b, y }): Step => ({
      kernel: 'add.forward.f32/simd',
      chunks: random.int(1, 7),
      args: {
        a: at(a),
        aStride: 1,
        b: at(b),
        bStride: 1,
        y: at(y),
        yStride: 1,
        pixels: COUNT,
        channels: 1,
        relu: 0,
      },
    }));
    const values = buffers.map((_, i) =>
      Float32Array.from({ length: COUNT }, (_, j) => ((i * 31 + j * 7 + round) % 101) - 50),
    );
    const plan = engine.writePlan(steps);
    // Twice, as a run must not meet what is left of the one before.
    for (let turn = 0; turn < 2; turn++) {
      values.forEach((value, i) => engine.write(at(i), value));
      await run(engine, plan);
    }
    for (const { a, b, y } of sums) {
      values[y] = Float32Array.from({ length: COUNT }, (_, j) => values[a]![j]! + values[b]![j]!);
    }
    values.forEach((value, i) => {
      if (engine.read(at(i), COUNT, 'f32').some((x, j) => x !== value[j])) {
        expect.fail(`plan ${round}: buffer ${i} is wrong`);
      }
    });
    engine.freePlan(plan);
  }
  for (const buffer of buffers) engine.free(buffer);
}

/** Lets all threads of this process run on these processors; false where that cannot be done. */
function runOn(processors: string): boolean {
  return spawnSync('taskset', ['-a', '-c', '-p', processors, `${process.pid}`]).status === 0;
}

describe.each(builds.filter((build) => build.endsWith('threads')))('%s', async (build) => {
  const engines = await Promise.all([2, 3].map((threads) => engineOn(build, { threads })));
  const busy: ChildProcess[] = [];
  afterAll(() => {
    for (const child of busy) child.kill();
    for (const engine of engines) engine.close();
  });

  it('gives right results over thousands of short runs', async () => {
    await stress(engines[0]!, 6000);
  });

  it('does so with more threads than cores may be', async () => {
    await stress(engines[1]!, 1500);
  });

  it('keeps the order of steps that need each other', async () => {
    for (const engine of engines) await tangle(engine, 200);
  });

  it('does so on a single core', async ({ skip }) => {
    skip(!runOn('0'), 'needs taskset');
    try {
      await stress(engines[0]!, 500);
      await stress(engines[1]!, 300);
    } finally {
      runOn(`0-${cpus().length - 1}`);
    }
  });

  it('does so while other processes want the cores', async () => {
    for (let i = 0; i < 2; i++) busy.push(spawn(process.execPath, ['-e', 'for (;;) {}']));
    await stress(engines[0]!, 1500);
    for (const child of busy) child.kill();
  });
});

it('a guard ends a run after its step, for all workers', async () => {
  for (const build of builds) {
    const engine = await engineOn(build);
    const chain = new Chain(engine, 4);
    const guard: Step = {
      kernel: 'guard.finite.f32/scalar',
      chunks: 1,
      args: { x: { buffer: chain.buffers[0]!, byteOffset: 0 }, count: COUNT },
    };
    const plan = engine.writePlan([guard, ...chain.steps]);
    for (let seed = 0; seed < 200; seed++) {
      chain.write(seed);
      await run(engine, plan);
      chain.check(seed);
      const bad = { buffer: chain.buffers[0]!, byteOffset: 4 * (seed % COUNT) };
      engine.write(bad, Float32Array.of(seed % 2 ? NaN : -Infinity));
      expect(await engine.runPlan(plan)).toBe(false);
      chain.check(seed);
    }
    engine.freePlan(plan);
    chain.free();
    engine.close();
  }
});
