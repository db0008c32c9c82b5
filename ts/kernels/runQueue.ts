/** How far a run has come, as the module says it: ended early by a guard, done, or not over yet. */
export const STOPPED = 0;
export const FINISHED = 1;
export const RUNNING = 2;

/** A run that is asked for. */
export interface RunRequest<T> {
  /** Address of the plan, once `begin` has been called. */
  readonly plan: number;
  /** Called right before it runs, when all that was asked for earlier is over. */
  begin?(): void;
  /** Called when it is over, before anything else runs: true unless a guard ended it early. */
  finish(finished: boolean): T;
}

/** How an engine runs plans. */
export interface Runner {
  /** Begins a run and says how far it has come. */
  start(plan: number): number;
  /** Says how far the run is by now; where this thread may wait it waits a little. */
  look(plan: number): number;
  /** Told that a run goes on while the program does: {@link RunQueue.look} has to be called until it is over. */
  waits(): void;
}

interface Waiting extends RunRequest<void> {
  reject(error: unknown): void;
}

/**
 * Runs plans one after the other, in the order in which they were asked for. Where a run is over when it has been begun, nothing
 * ever waits here.
 */
export class RunQueue {
  readonly #runner: Runner;
  readonly #turns: (Waiting | (() => void))[] = [];
  #active: Waiting | undefined;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** Whether a run is going on. */
  get busy(): boolean {
    return this.#active !== undefined;
  }

  /** What `finish` gives, as soon as the run had its turn. */
  run<T>(request: RunRequest<T>): T | Promise<T> {
    if (!this.busy) {
      request.begin?.();
      const outcome = this.#runner.start(request.plan);
      if (outcome !== RUNNING) return request.finish(outcome === FINISHED);
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        get plan() {
          return request.plan;
        },
        begin: () => request.begin?.(),
        finish: (finished) => resolve(request.finish(finished)),
        reject,
      };
      if (this.busy) {
        this.#turns.push(waiting);
      } else {
        this.#active = waiting;
        this.#runner.waits();
      }
    });
  }

  /** Does something when all runs asked for so far are over. */
  after(act: () => void): void {
    if (this.busy) this.#turns.push(act);
    else act();
  }

  /** Ends the run that is going on if it is over by now, and begins the next. */
  look(): void {
    if (!this.#active) return;
    const outcome = this.#runner.look(this.#active.plan);
    if (outcome !== RUNNING) this.#end(outcome);
  }

  /** Returns when all runs asked for so far are over. */
  settle(): void {
    while (this.#active) this.look();
  }

  /** Rejects all runs asked for so far. */
  fail(error: Error): void {
    const left = [...(this.#active ? [this.#active] : []), ...this.#turns.splice(0)];
    this.#active = undefined;
    for (const turn of left) {
      if (typeof turn === 'function') turn();
      else turn.reject(error);
    }
  }

  #end(outcome: number): void {
    for (let over = outcome; over !== RUNNING;) {
      const run = this.#active;
      this.#active = undefined;
      if (run) attempt(run, () => run.finish(over === FINISHED));
      const next = this.#turns.shift();
      if (!next) return;
      if (typeof next === 'function') next();
      else if (attempt(next, () => next.begin!())) over = this.#begin(next);
    }
    this.#runner.waits();
  }

  #begin(run: Waiting): number {
    let outcome = FINISHED;
    if (attempt(run, () => (outcome = this.#runner.start(run.plan)))) this.#active = run;
    return outcome;
  }
}

/** Does a part of a run; what it throws rejects the run. */
function attempt(run: Waiting, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    run.reject(error);
    return false;
  }
}
