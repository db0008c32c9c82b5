import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Engine, WrittenPlan } from '../../ts/kernels/engine.ts';
import type { Buffer, Step } from '../../ts/kernels/step.ts';
import { engineOn } from '../helpers/engines.ts';
import { startedWorkers } from '../helpers/startedWorkers.ts';

const ENDED = /^engine: a worker ended: /;

interface Team {
  readonly engine: Engine;
  readonly workers: readonly Worker[];
  /** Four floats, the first of them 7. */
  readonly values: Required<Buffer>;
}

async function teamOf(threads: number, remote: boolean): Promise<Team> {
  const start = (): Promise<Engine> => engineOn('simd-threads', { threads, remote });
  const { result: engine, workers } = await startedWorkers(start);
  const values = engine.allocate(16);
  engine.write({ buffer: values, byteOffset: 0 }, Float32Array.of(7, 0, 0, 0));
  return { engine, workers, values };
}

const busy = (buffer: Buffer, index: number, chunks: number, rounds: number): Step => ({
  kernel: 'ceiling.fma.f32/simd',
  chunks,
  args: { y: { buffer, byteOffset: 4 * index }, rounds },
});

/** Rounds that take some hundredths of a second, or some seconds. */
const FEW = 10_000_000;
const MANY = 500_000_000;

/** A run of which the caller has come back, as a helper holds a chunk that takes long. */
async function pendingRun({ engine }: Team): Promise<{ plan: WrittenPlan; run: Promise<boolean> }> {
  const [one, two] = [engine.allocate(16), engine.allocate(16)];
  // Whoever comes second has the long step: the helper, which sleeps by then, but where others keep it from its core.
  const plan = engine.writePlan([busy(one, 0, 1, FEW), busy(two, 0, 1, MANY)]);
  for (let attempt = 0; attempt < 20; attempt++) {
    await sleep(50);
    const run = engine.runPlan(plan);
    if (typeof run !== 'boolean') return { plan, run };
  }
  return expect.fail('the helper never had the long step');
}

const shortStep = (values: Buffer): Step[] => [busy(values, 1, 2, 10)];

/** Everything that used to wait for ever says so, or works. */
function expectEnded({ engine, values }: Team, plan: WrittenPlan): void {
  expect(() => engine.runSteps(shortStep(values))).toThrow(ENDED);
  expect(() => engine.runPlan(plan)).toThrow(ENDED);
  expect(engine.read({ buffer: values, byteOffset: 0 }, 1, 'f32')[0]).toBe(7);
  const used = engine.usedBytes;
  engine.freePlan(plan);
  engine.free(values);
  expect(engine.usedBytes).toBeLessThan(used);
  engine.close();
  expect(engine.closed).toBe(true);
}

describe('a worker that ends', () => {
  it('rejects the run whose chunks it held, where the caller leads', async () => {
    const team = await teamOf(2, false);
    const { plan, run } = await pendingRun(team);
    // A signal, such as Ctrl-C's, has its turn meanwhile.
    process.once('SIGUSR2', () => void team.workers[0]!.terminate());
    process.kill(process.pid, 'SIGUSR2');
    await expect(run).rejects.toThrow(ENDED);
    expectEnded(team, plan);
  });

  it.each([
    ['the leader', 0],
    ['a helper', 1],
  ])('rejects the run and those that wait, where a worker leads: %s', async (_, index) => {
    const team = await teamOf(3, true);
    const plan = team.engine.writePlan([busy(team.values, 1, 3, MANY)]);
    const runs = [1, 2, 3].map(async () => team.engine.runPlan(plan));
    await sleep(50);
    void team.workers[index]!.terminate();
    for (const found of await Promise.allSettled(runs)) {
      expect(found).toMatchObject({ status: 'rejected' });
      expect(String((found as PromiseRejectedResult).reason)).toMatch(
        /a worker ended: exit code 1/,
      );
    }
    expectEnded(team, plan);
  });

  it.each([false, true])(
    'between two runs is told by the next, a worker leads: %s',
    async (remote) => {
      const team = await teamOf(3, remote);
      const plan = team.engine.writePlan(shortStep(team.values));
      expect(await team.engine.runPlan(plan)).toBe(true);
      const [worker] = team.workers.slice(-1);
      await Promise.all([once(worker!, 'exit'), worker!.terminate()]);
      expectEnded(team, plan);
    },
  );

  it('does not hold up an op that needs it at once', async () => {
    const team = await teamOf(2, false);
    const { plan, run } = await pendingRun(team);
    const rejected = expect(run).rejects.toThrow(ENDED);
    // Word of its end takes a turn of the event loop, which the op does not give.
    void team.workers[0]!.terminate();
    expectEnded(team, plan);
    await rejected;
  });

  it('by a trap of its own is told with its reason', async () => {
    const team = await teamOf(2, true);
    const plan = team.engine.writePlan([
      {
        ...busy(team.values, 1, 1, 1),
        args: { y: { buffer: { bytes: 4, address: 2 ** 32 - 64 }, byteOffset: 0 }, rounds: 1 },
      },
    ]);
    await expect(team.engine.runPlan(plan)).rejects.toThrow(/a worker ended: .*memory access/);
    expectEnded(team, plan);
  });

  it('while it joins leaves one thread, no other worker, and a warning that says why', async () => {
    const workerUrl = new URL(`data:text/javascript,${encodeURIComponent('process.exit(3)')}`);
    const { createEngine } = await import('../../ts/kernels/createEngine.ts');
    const said: string[] = [];
    const warn = (message: string): unknown => said.push(message);
    const start = () => createEngine({ threads: 2, workerUrl, warn });
    const { result: engine, workers } = await startedWorkers(start);
    expect(said).toEqual(['residua: 1 thread used, not 2: exit code 3']);
    expect([engine.threads, engine.build.endsWith('-threads')]).toEqual([1, true]);
    engine.close();
    await sleep(200);
    expect(workers).toHaveLength(1);
    expect(workers.every(({ threadId }) => threadId === -1)).toBe(true);
  });
});
