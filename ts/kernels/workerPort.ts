import { nodeModule } from './node.ts';

/** A worker of any runtime: messages in, messages out. */
export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onError(listener: (error: Error) => void): void;
  /** Lets the process end while this worker lives (Node, Deno). */
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
  if (threads) {
    const worker = new threads.Worker(url);
    return {
      post: (message) => worker.postMessage(message),
      onMessage: (listener) => void worker.on('message', listener),
      onError: (listener) => void worker.on('error', listener),
      unref: () => worker.unref(),
      terminate: () => void worker.terminate(),
    };
  }
  const worker = new Worker(url, { type: 'module' });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener('message', (event) => listener(event.data)),
    onError: (listener) =>
      worker.addEventListener('error', (event) => listener(new Error(event.message))),
    unref: () => undefined,
    terminate: () => worker.terminate(),
  };
}
