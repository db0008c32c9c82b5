/** Entry of a worker: joins the team over the shared memory, or runs plans when the page's main thread asks. */
import { instantiate, type KernelExports } from './instance.ts';
import { nodeModule } from './node.ts';

/** First message to a worker. */
export interface JoinMessage {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly worker: number;
  /** Worker 0 exists only where the main thread may not wait: it takes {@link RunMessage}s. */
  readonly leads: boolean;
}

/** Asks a leading worker to run a plan. */
export interface RunMessage {
  readonly plan: number;
  readonly helpers: number;
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
  };
  return {
    postMessage: (message) => scope.postMessage(message),
    onMessage: (listener) => {
      scope.onmessage = (event) => listener(event.data as JoinMessage | RunMessage);
    },
  };
}

const { postMessage, onMessage } = port();
let kernels: KernelExports;

onMessage((message) => {
  if ('module' in message) {
    kernels = instantiate(message.module, message.memory);
    postMessage('ready');
    if (!message.leads) {
      kernels.work(message.worker);
      postMessage('left');
    }
  } else {
    postMessage(kernels.run_plan(message.plan, message.helpers) !== 0);
  }
});
