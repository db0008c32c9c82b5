import type { WorkerScript } from './assets.ts';
import type { Modules } from './modules.ts';
import type { JoinMessage, RunMessage } from './teamWorker.ts';
import { startWorker, type WorkerPort } from './workerPort.ts';

/** What a team tells. */
export interface TeamEvents {
  /** The leading worker has left its answer. */
  answered(): void;
  /** A worker has ended by itself, or was ended by somebody else, and why. */
  ended(reason: string): void;
}

/** Workers that share the engine's memory. */
export interface Team {
  /** Lets the leading worker run a plan; only where the main thread may not wait. */
  readonly lead?: (message: RunMessage) => void;
  /** Whether {@link ended} always knows. */
  readonly tells: boolean;
  listen(events: TeamEvents): void;
  /** Why a worker has ended, if it is known by now without a turn of the event loop. */
  ended(): string | undefined;
  /** Lets the process wait for the leading worker, or end while it lives. */
  ref(): void;
  unref(): void;
  /** Ends the workers; the team must have been stopped. */
  terminate(): void;
}

/** Resolves when the worker has joined. */
function join(
  port: WorkerPort,
  message: JoinMessage,
  onEnd: (error: Error) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    port.onEnd((error) => {
      reject(error);
      onEnd(error);
    });
    port.onMessage((answer) => {
      if (answer !== 'ready') return;
      port.watch();
      resolve();
    });
    port.post({ ...message, ...(port.lock && { lock: port.lock }) });
  });
}

/**
 * Starts the workers of a team of `threads`. The caller is worker 0, unless `remote`: then worker 0 is a worker too,
 * because a page's main thread may not wait on an atomic.
 *
 * @throws Error saying why one could not join; none is left then.
 */
export async function startTeam(
  { module, extra }: Modules,
  memory: WebAssembly.Memory,
  threads: number,
  remote: boolean,
  script: WorkerScript,
): Promise<Team> {
  const modules = { module, ...(typeof extra === 'object' && { extra }) };
  const first = remote ? 0 : 1;
  const ports: WorkerPort[] = [];
  const terminate = (): void => ports.forEach((port) => port.terminate());
  let reason: string | undefined;
  let events: TeamEvents | undefined;
  const onEnd = ({ message }: Error): void => {
    reason ??= message;
    events?.ended(message);
  };
  try {
    for (let i = first; i < threads; i++) ports.push(startWorker(script));
    const joined = ports.map((port, i) => {
      const worker = i + first;
      return join(port, { ...modules, memory, worker, leads: worker === 0 }, onEnd);
    });
    await Promise.all(joined);
  } catch (error) {
    terminate();
    throw error;
  }
  ports.forEach((port) => port.unref());
  const leader = remote ? ports[0]! : undefined;
  leader?.onMessage((message) => {
    if (message === 'answered') events?.answered();
  });
  return {
    ...(leader && { lead: (message: RunMessage) => leader.post(message) }),
    get tells() {
      return ports.every((port) => port.tells);
    },
    listen: (listener) => {
      events = listener;
      if (reason !== undefined) listener.ended(reason);
    },
    ended: () => reason ?? (ports.some((port) => port.ended()) ? 'its thread stopped' : undefined),
    ref: () => leader?.ref(),
    unref: () => leader?.unref(),
    terminate,
  };
}
