import type { KernelExports } from './instance.ts';
import { RUNNING, type Runner } from './runQueue.ts';
import type { Team } from './team.ts';

/** Where it cannot be asked whether a worker lives: so long may none of them finish anything. */
const LONGEST_SILENCE_MS = 10_000;

/** What a runner tells its engine. */
export interface RunnerEvents {
  /** The run that goes on may be over. */
  look(): void;
  /** Whether a run goes on. */
  busy(): boolean;
  /** A worker has ended: nothing can run any more. */
  fail(error: Error): void;
}

/**
 * Runs plans on the calling thread with the helpers of a team, or on a team whose first worker leads. Whatever it waits for,
 * it notices when a worker has ended.
 */
export class TeamRunner implements Runner {
  readonly #exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #helpers: number;
  readonly #events: RunnerEvents;
  #team: Team | undefined;
  /** Address of the word in which a leading worker leaves 1 + the outcome. */
  #answer = 0;
  #ended: string | undefined;
  #seen = { progress: -1, since: 0 };
  #looks = false;

  constructor(
    exports: KernelExports,
    memory: WebAssembly.Memory,
    threads: number,
    events: RunnerEvents,
  ) {
    this.#exports = exports;
    this.#memory = memory;
    this.#helpers = threads - 1;
    this.#events = events;
  }

  /** Takes over the team; `answer` is the address of a word of its own. */
  attach(team: Team, answer: number): void {
    this.#team = team;
    this.#answer = answer;
    team.listen({
      answered: () => this.#events.look(),
      ended: (reason) => this.#fail(reason),
    });
  }

  /** The error of every run since a worker has ended. */
  get failure(): Error | undefined {
    if (this.#ended === undefined) return undefined;
    return new Error(
      `engine: a worker ended: ${this.#ended}: values can still be read, init() makes another engine`,
    );
  }

  start(plan: number): number {
    this.#assertWhole();
    this.#seen.progress = -1;
    if (!this.#team?.lead) return this.#exports.run_plan(plan, this.#helpers);
    Atomics.store(this.#words(), this.#answer / 4, 0);
    this.#team.ref();
    this.#team.lead({ plan, helpers: this.#helpers, answer: this.#answer });
    return RUNNING;
  }

  look(plan: number): number {
    const outcome = this.#team?.lead ? this.#answered() : this.#exports.resume_plan(plan);
    if (outcome === RUNNING) this.#watch(() => this.#exports.chunks_done(plan));
    else if (this.#team?.lead) this.#team.unref();
    return outcome;
  }

  waits(): void {
    if (this.#team?.lead || this.#looks) return;
    this.#looks = true;
    // Word of a worker's end comes with a turn of the event loop.
    setTimeout(() => {
      this.#looks = false;
      this.#events.look();
      if (this.#events.busy()) this.waits();
    });
  }

  /** Runs a plan to its end, `parallel` with the helpers of the calling thread. */
  runNow(plan: number, parallel: boolean): void {
    this.#assertWhole();
    this.#seen.progress = -1;
    let outcome = this.#exports.run_plan(plan, parallel && !this.#team?.lead ? this.#helpers : 0);
    while (outcome === RUNNING) {
      this.#watch(() => this.#exports.chunks_done(plan));
      this.#assertWhole();
      outcome = this.#exports.resume_plan(plan);
    }
  }

  /** Returns when no worker reads the memory of plans any more. */
  quiesce(): void {
    this.#seen.progress = -1;
    while (this.#ended === undefined && !this.#exports.quiesce()) this.#watch(() => 0);
  }

  /** Ends the workers. */
  close(): void {
    this.quiesce();
    if (this.#ended === undefined) this.#exports.stop_team();
    this.#team?.terminate();
  }

  #answered(): number {
    const answer = Atomics.load(this.#words(), this.#answer / 4);
    return answer === 0 ? RUNNING : answer - 1;
  }

  #words(): Int32Array {
    return new Int32Array(this.#memory.buffer);
  }

  #assertWhole(): void {
    if (this.failure) throw this.failure;
  }

  /** While something is waited for: fails when a worker has ended, or, where that cannot be asked, seems to have. */
  #watch(progressOf: () => number): void {
    const team = this.#team;
    const reason = team?.ended();
    if (reason !== undefined) return this.#fail(reason);
    if (!team || team.tells) return;
    const now = performance.now();
    const progress = progressOf();
    if (progress !== this.#seen.progress) this.#seen = { progress, since: now };
    else if (now - this.#seen.since > LONGEST_SILENCE_MS) {
      this.#fail(`none has finished anything for ${LONGEST_SILENCE_MS / 1000} s`);
    }
  }

  #fail(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#team?.terminate();
    this.#events.fail(this.failure!);
  }
}
