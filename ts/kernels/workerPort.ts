import { nodeModule } from './node.ts';

/** A worker of any runtime: messages in, messages out. */
export interface WorkerPort {
  /** Name of a lock that the worker must take and never give back, by which its end is noticed; not everywhere. */
  readonly lock?: string;
  /** Whether {@link ended} knows. */
  readonly tells: boolean;
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Told why the worker has ended, once; not when {@link terminate} was called. */
  onEnd(listener: (error: Error) => void): void;
  /** To be called when the worker holds its {@link lock}. */
  watchLock(): void;
  /** Whether the worker has ended by now, without waiting for the event loop; false where that cannot be told. */
  ended(): boolean;
  /** Lets the process wait for this worker, or end while it lives (Node, Deno). */
  ref(): void;
  unref(): void;
  terminate(): void;
}

/** Starts a module worker. */
export function startWorker(url: URL): WorkerPort {
  // Deno has both kinds of worker; only Node's can be left running at the end of a program, and only files can be one.
  const threads =
    url.protocol === 'file:'
      ? nodeModule<typeof import('node:worker_threads')>('node:worker_threads')
      : undefined;
  return threads ? startThread(threads, url) : startWebWorker(url);
}

function startThread(threads: typeof import('node:worker_threads'), url: URL): WorkerPort {
  // A page's document that is emulated in Node brings a URL of its own.
  const { fileURLToPath } = nodeModule<typeof import('node:url')>('node:url')!;
  const worker = new threads.Worker(fileURLToPath(url.href));
  let [left, told] = [false, false];
  // Node answers -1 as soon as the thread has stopped. Bun has the method but not the answer.
  const idle = (): number | undefined =>
    'Bun' in globalThis ? undefined : worker.performance?.eventLoopUtilization().idle;
  return {
    tells: idle() !== undefined,
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => void worker.on('message', listener),
    onEnd: (listener) => {
      const tell = (error: Error): void => {
        if (!left && !told) listener(error);
        told = true;
      };
      worker.on('error', tell);
      worker.on('exit', (code) => tell(new Error(`exit code ${code}`)));
    },
    watchLock: () => undefined,
    ended: () => told || idle() === -1,
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    terminate: () => {
      left = true;
      void worker.terminate();
    },
  };
}

function startWebWorker(url: URL): WorkerPort {
  const worker = new Worker(url, { type: 'module' });
  const locks = globalThis.navigator?.locks;
  const lock = locks && `residua worker ${crypto.randomUUID()}`;
  let [left, told] = [false, false];
  let end: (error: Error) => void = () => undefined;
  return {
    ...(lock && { lock }),
    tells: false,
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener('message', (event) => listener(event.data)),
    onEnd: (listener) => {
      end = (error) => {
        if (!left && !told) listener(error);
        told = true;
      };
      worker.addEventListener('error', (event) => end(new Error(event.message)));
    },
    // A browser gives a worker's locks to others when it is gone, however it went.
    watchLock: () => {
      if (lock) void locks.request(lock, () => end(new Error('it was terminated')));
    },
    ended: () => told,
    ref: () => undefined,
    unref: () => undefined,
    terminate: () => {
      left = true;
      worker.terminate();
    },
  };
}
