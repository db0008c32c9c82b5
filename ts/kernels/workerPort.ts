import type { WorkerScript } from './assets.ts';
import { bytesOfDataUrl } from './dataUrl.ts';
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
  /** To be called when the worker has answered, and holds its {@link lock}: from then on its end is noticed. */
  watch(): void;
  /** Whether the worker has ended by now, without waiting for the event loop; false where that cannot be told. */
  ended(): boolean;
  /** Lets the process wait for this worker, or end while it lives (Node, Deno). */
  ref(): void;
  unref(): void;
  terminate(): void;
}

/** Starts a worker. */
export function startWorker(script: WorkerScript): WorkerPort {
  const threads = nodeModule<typeof import('node:worker_threads')>('node:worker_threads');
  const url = threads && script.url();
  // Deno has both kinds of worker; only Node's can be left running at the end of a program, and only files and texts can be one.
  const isThread = url?.protocol === 'file:' || url?.protocol === 'data:';
  return isThread ? startThread(threads!, url) : startWebWorker(script);
}

const textOf = (url: URL): string => new TextDecoder().decode(bytesOfDataUrl(url));

function startThread(threads: typeof import('node:worker_threads'), url: URL): WorkerPort {
  // Where a page is emulated in Node, URLs are of another kind.
  const { URL: NodeUrl } = nodeModule<typeof import('node:url')>('node:url')!;
  const worker =
    url.protocol === 'data:'
      ? new threads.Worker(textOf(url), { eval: true })
      : new threads.Worker(new NodeUrl(url.href));
  let [left, told, tells] = [false, false, false];
  return {
    get tells() {
      return tells;
    },
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
    watch: () => {
      // Deno lacks the method, Bun the answer, which Node gives from the time on at which the event loop runs.
      if ('Bun' in globalThis) return;
      const { performance }: { performance?: Partial<typeof worker.performance> } = worker;
      const utilization = performance?.eventLoopUtilization?.();
      tells = utilization !== undefined && utilization.active > 0;
    },
    // Node says -1 as soon as the thread has stopped.
    ended: () => told || (tells && worker.performance.eventLoopUtilization().idle === -1),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    terminate: () => {
      left = true;
      void worker.terminate();
    },
  };
}

/** A URL of the same origin for the text of a `data:` URL, whose workers would share no memory with this thread. */
const ownUrl = (url: URL): string =>
  url.protocol === 'data:'
    ? URL.createObjectURL(new Blob([bytesOfDataUrl(url)], { type: 'text/javascript' }))
    : url.href;

function startWebWorker(script: WorkerScript): WorkerPort {
  const { Worker: WebWorker, document } = globalThis;
  if (!WebWorker) throw new Error('there are no workers here');
  const forbidden: string[] = [];
  const watched = document ?? globalThis;
  const onViolation = (event: Event): void => {
    const { effectiveDirective, blockedURI } = event as SecurityPolicyViolationEvent;
    forbidden.push(`the content security policy forbids ${blockedURI} by ${effectiveDirective}`);
  };
  watched.addEventListener?.('securitypolicyviolation', onViolation);
  const url = script.start ? undefined : ownUrl(script.url());
  const worker = url === undefined ? script.start!() : new WebWorker(url, { type: 'module' });
  const locks = globalThis.navigator?.locks;
  const lock = locks && `residua worker ${crypto.randomUUID()}`;
  let [left, told] = [false, false];
  let end: (error: Error) => void = () => undefined;
  const settle = (): void => {
    watched.removeEventListener?.('securitypolicyviolation', onViolation);
    if (url?.startsWith('blob:')) URL.revokeObjectURL(url);
  };
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
      worker.addEventListener('error', ({ message }) => {
        // What a policy forbids is told in a turn of its own.
        setTimeout(() => {
          const unsaid = forbidden[0] ?? `its script ${url ?? 'team-worker.js'} cannot be loaded`;
          end(new Error(message || unsaid));
        });
      });
    },
    // A browser gives a worker's locks to others when it is gone, however it went.
    watch: () => {
      settle();
      if (lock) void locks.request(lock, () => end(new Error('it was terminated')));
    },
    ended: () => told,
    ref: () => undefined,
    unref: () => undefined,
    terminate: () => {
      left = true;
      settle();
      worker.terminate();
    },
  };
}
