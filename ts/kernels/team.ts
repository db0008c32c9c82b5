import { teamWorkerUrl } from './assets.ts';
import type { JoinMessage, RunMessage } from './teamWorker.ts';
import { startWorker, type WorkerPort } from './workerPort.ts';

/** Workers that share the engine's memory. */
export interface Team {
  /** Runs a plan by the leading worker; only where the main thread may not wait. */
  readonly lead?: (message: RunMessage) => Promise<boolean>;
  /** Ends the workers; the team must have been stopped. */
  terminate(): void;
}

/** Starts a worker and resolves when it has joined. */
function join(message: JoinMessage, url: URL): Promise<WorkerPort> {
  return new Promise((resolve, reject) => {
    const port = startWorker(url);
    port.onError(reject);
    port.onMessage((answer) => {
      if (answer === 'ready') resolve(port);
    });
    port.post(message);
  });
}

/**
 * Starts the workers of a team of `threads`. The caller is worker 0, unless `remote`: then worker 0 is a worker too,
 * because a page's main thread may not wait on an atomic.
 */
export async function startTeam(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
  remote: boolean,
  url: URL = teamWorkerUrl(),
): Promise<Team> {
  const first = remote ? 0 : 1;
  const members = Array.from({ length: threads - first }, (_, i) => i + first);
  const ports = await Promise.all(
    members.map((worker) => join({ module, memory, worker, leads: worker === 0 }, url)),
  );
  ports.forEach((port) => port.unref());
  const terminate = (): void => ports.forEach((port) => port.terminate());
  if (!remote) return { terminate };
  const leader = ports[0]!;
  let answer: ((finished: boolean) => void) | undefined;
  leader.onMessage((message) => {
    if (typeof message === 'boolean') answer?.(message);
  });
  const lead = (message: RunMessage): Promise<boolean> =>
    new Promise((resolve) => {
      answer = resolve;
      leader.post(message);
    });
  return { lead, terminate };
}
