import { afterEach, describe, expect, it, vi } from 'vitest';
import type { KernelExports } from '../../ts/kernels/instance.ts';
import { FINISHED, RUNNING } from '../../ts/kernels/runQueue.ts';
import type { Team } from '../../ts/kernels/team.ts';
import { TeamRunner } from '../../ts/kernels/teamRunner.ts';

/** Seconds that pass between two looks at the clock. */
const SECONDS = 3;

/** A runner whose helper says nothing of its end, and whose run finishes a chunk at these looks, is over at the last. */
function runnerOf(looks: number, progressAt: (look: number) => boolean, tells = false) {
  let [look, chunks] = [0, 0];
  const terminate = vi.fn();
  const fail = vi.fn();
  const exports = {
    run_plan: () => RUNNING,
    resume_plan: () => (++look >= looks ? FINISHED : RUNNING),
    chunks_done: () => (progressAt(look) ? ++chunks : chunks),
    quiesce: () => (++look >= looks ? 1 : 0),
    stop_team: () => undefined,
  } as unknown as KernelExports;
  const team: Team = {
    tells,
    listen: () => undefined,
    ended: () => undefined,
    ref: () => undefined,
    unref: () => undefined,
    terminate,
  };
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const runner = new TeamRunner(exports, memory, 2, { look: () => 0, busy: () => false, fail });
  runner.attach(team, 64);
  return { runner, terminate, fail };
}

describe('where it cannot be asked whether a worker lives', () => {
  let now = 0;
  const clock = (): void => {
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000 * SECONDS));
  };
  afterEach(() => void vi.restoreAllMocks());

  const silence =
    'engine: a worker ended: none has finished anything for 10 s: values can still be read, init() makes another engine';

  it('a run of which nothing is finished for ten seconds fails, and all later ones', () => {
    clock();
    const { runner, terminate, fail } = runnerOf(1000, () => false);
    expect(() => runner.runNow(0, true)).toThrow(silence);
    expect(() => runner.runNow(0, true)).toThrow(silence);
    expect(() => runner.start(0)).toThrow(silence);
    expect(terminate).toHaveBeenCalledTimes(1);
    expect(fail).toHaveBeenCalledTimes(1);
    runner.quiesce();
    runner.close();
  });

  it('a worker that does not leave a plan for ten seconds is taken to have ended there', () => {
    clock();
    const { runner, fail } = runnerOf(1000, () => false);
    runner.quiesce();
    expect(fail).toHaveBeenCalledTimes(1);
    expect(runner.failure?.message).toBe(silence);
  });

  it('a slow run is waited for', () => {
    clock();
    const { runner, fail } = runnerOf(100, (look) => look % 2 === 0);
    runner.runNow(0, true);
    expect(fail).not.toHaveBeenCalled();
  });

  it('and where it can be asked, a silent one, too', () => {
    clock();
    const { runner, fail } = runnerOf(100, () => false, true);
    runner.runNow(0, true);
    runner.quiesce();
    expect(fail).not.toHaveBeenCalled();
  });
});
