import threads, { type Worker } from 'node:worker_threads';

/** Runs `start` and gives, beside its result, the workers that it has started, for tests that end them. */
export async function startedWorkers<T>(
  start: () => Promise<T>,
): Promise<{ result: T; workers: Worker[] }> {
  const workers: Worker[] = [];
  const { Worker: Original } = threads;
  threads.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Original>) {
      super(...args);
      workers.push(this);
    }
  };
  try {
    return { result: await start(), workers };
  } finally {
    threads.Worker = Original;
  }
}
