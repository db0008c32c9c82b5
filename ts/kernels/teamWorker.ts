/** Entry of a worker: joins the team over the shared memory, or runs plans when the page's main thread asks. */
import { instantiate, type KernelExports } from './instance.ts';
import { joinExtra } from './joinExtra.ts';
import { nodeModule } from './node.ts';
import { RUNNING } from './runQueue.ts';

/** First message to a worker. */
export interface JoinMessage {
  readonly module: WebAssembly.Module;
  readonly extra?: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly worker: number;
  /** Worker 0 exists only where the main thread may not wait: it takes {@link RunMessage}s. */
  readonly leads: boolean;
  /** A lock to be held for good: whoever gets it after this worker knows that it has ended. */
  readonly lock?: string;
}

/** Asks a leading worker to run a plan. */
export interface RunMessage {
  readonly plan: number;
  readonly helpers: number;
  /** Address of the word that gets 1 + the outcome. */
  readonly answer: number;
}

interface Port {
  postMessage(message: unknown): void;
  onMessage(listener: (message: JoinMessage | RunMessage) => void): void;
}

function port(): Port {
  const parent =
    nodeModule<typeof import('node:worker_threads')>('node:worker_threads')?.parentPort;
  if (parent) {
    return {
      postMessage: (message) => parent.postMessage(message),
      onMessage: (listener) => void parent.on('message', listener),
    };
  }
  const scope = globalThis as unknown as {
    postMessage(message: unknown): void;
    onmessage: (event: MessageEvent) => void;
    onmessageerror: () => void;
  };
  return {
    postMessage: (message) => scope.postMessage(message),
    onMessage: (listener) => {
      scope.onmessage = (event) => listener(event.data as JoinMessage | RunMessage);
      scope.onmessageerror = () => {
        throw new Error('it is of another origin, with which memory cannot be shared');
      };
    },
  };
}

const { postMessage, onMessage } = port();
let kernels: KernelExports;
let memory: WebAssembly.Memory;

onMessage((message) => {
  if (!('module' in message)) return run(message);
  join(message).catch((error: unknown) => {
    // A rejection is not told to whoever started this worker, an exception is.
    queueMicrotask(() => {
      throw error;
    });
  });
});

async function join(message: JoinMessage): Promise<void> {
  memory = message.memory;
  const instance = instantiate(message.module, memory);
  if (message.extra) joinExtra(message.extra, instance, memory);
  ({ kernels } = instance);
  if (message.lock !== undefined) await hold(message.lock);
  postMessage('ready');
  if (message.leads) return;
  kernels.work(message.worker);
  postMessage('left');
}

/** Resolves when this worker has the lock, which it keeps. */
function hold(lock: string): Promise<void> {
  return new Promise((resolve) => {
    const forGood = new Promise<never>(() => undefined);
    void navigator.locks.request(lock, () => {
      resolve();
      return forGood;
    });
  });
}

function run({ plan, helpers, answer }: RunMessage): void {
  let outcome = kernels.run_plan(plan, helpers);
  // Whoever asked for the run is told when a worker has ended, and ends this one, too.
  while (outcome === RUNNING) outcome = kernels.resume_plan(plan);
  Atomics.store(new Int32Array(memory.buffer), answer / 4, 1 + outcome);
  postMessage('answered');
}
