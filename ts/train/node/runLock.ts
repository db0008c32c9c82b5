import { readFileSync, rmSync } from 'node:fs';
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileError } from '../../io/node/fileError.ts';

/** Who writes to a directory. */
interface Holder {
  /** 0 while it has not said so yet. */
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's ticks: another process may have its number later. */
  readonly began?: string | undefined;
  /** When it took the lock. */
  readonly since: string;
}

const FILE = 'run.lock';
/** Held while a lock that nobody holds any more is taken away. */
const MUTEX = 'run.lock.taking';
/** How often the lock's file is touched. */
const BEAT_MS = 15_000;
/** How long a lock of another machine was not touched where its process is taken to have ended; the same for half a file. */
const SILENT_MS = 10 * 60_000;
const HALF_WRITTEN_MS = 10_000;
const RETRY_MS = 50;
const RETRIES = 200;

/** Locks of this process by their paths. */
const held = new Map<string, RunLock>();

/**
 * The right to write to a run directory, which one process has at a time. A lock that a killed process left is recognised:
 * by the process that is gone on this machine, by its silence on another.
 */
export class RunLock {
  readonly #path: string;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string) {
    this.#path = path;
    this.#beat = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, BEAT_MS);
    this.#beat.unref?.();
    if (held.size === 0) process.on('exit', removeHeld);
    const before = held.get(path);
    if (before) clearInterval(before.#beat);
    held.set(path, this);
  }

  /**
   * Takes the lock of a directory, which must exist.
   *
   * @throws {Error} naming the process that has it
   */
  static async acquire(directory: string): Promise<RunLock> {
    const path = join(directory, FILE);
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      if (await create(path)) return new RunLock(path);
      await refuseHeld(directory);
      await removeLeftOver(directory);
    }
    throw new Error(`${path}: lock: others take it all the time: try again`);
  }

  /** Gives it up, unless this process has taken it again since. */
  async release(): Promise<void> {
    clearInterval(this.#beat);
    if (held.get(this.#path) !== this) return;
    held.delete(this.#path);
    if (held.size === 0) process.off('exit', removeHeld);
    await rm(this.#path, { force: true });
  }
}

/**
 * Refuses a directory that another process writes to.
 *
 * @throws {Error} naming the process
 */
export async function refuseHeld(directory: string): Promise<void> {
  const path = join(directory, FILE);
  const holder = await readHolder(path);
  if (holder === undefined) return;
  const where = holder.host === thisHost() ? 'on this machine' : `on ${holder.host}`;
  const who = holder.pid === 0 ? 'another process' : `process ${holder.pid} ${where}`;
  throw new Error(
    `${directory}: is in use by ${who} since ${holder.since}: wait until it ends, or choose another directory ` +
      `(if no such process runs, remove ${path})`,
  );
}

/** Writes a lock unless there is one. */
async function create(path: string): Promise<boolean> {
  const holder: Holder = {
    pid: process.pid,
    host: thisHost(),
    began: beginningOf(process.pid),
    since: new Date().toISOString(),
  };
  try {
    const file = await open(path, 'wx');
    await file.writeFile(`${JSON.stringify(holder)}\n`).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileError(path, 'lock', error);
  }
}

/** Removes a lock that nobody holds, one process at a time, so that none removes another's new one. */
async function removeLeftOver(directory: string): Promise<void> {
  const mutex = join(directory, MUTEX);
  try {
    await mkdir(mutex);
  } catch {
    if ((await ageOf(mutex)) > HALF_WRITTEN_MS) await rm(mutex, { recursive: true, force: true });
    await sleep(RETRY_MS);
    return;
  }
  const path = join(directory, FILE);
  if ((await readHolder(path)) === undefined) await rm(path, { force: true });
  await rm(mutex, { recursive: true, force: true });
}

/** Another process that holds a lock; undefined when there is none, or it is left over. */
async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const age = await ageOf(path);
  const holder = parse(text);
  if (holder === undefined) {
    return age < HALF_WRITTEN_MS ? { pid: 0, host: '', since: 'this moment' } : undefined;
  }
  if (holder.host !== thisHost()) return age < SILENT_MS ? holder : undefined;
  // This process may take up again what it has not closed.
  return holder.pid !== process.pid && runs(holder) ? holder : undefined;
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, host, began, since } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>;
    if (!Number.isSafeInteger(pid) || Number(pid) < 1) return undefined;
    return {
      pid: Number(pid),
      host: String(host),
      began: began === undefined ? undefined : String(began),
      since: String(since),
    };
  } catch {
    return undefined;
  }
}

/** Whether the very process still runs, as far as the system tells. */
function runs({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = beginningOf(pid);
  return began === undefined || now === undefined || began === now;
}

/** Field 22 of Linux' /proc/<pid>/stat; the name in field 2 may hold blanks and brackets. */
function beginningOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

async function ageOf(path: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  return stats ? Date.now() - stats.mtimeMs : 0;
}

/** Deno may not tell. */
function thisHost(): string {
  try {
    return hostname();
  } catch {
    return 'unknown';
  }
}

function removeHeld(): void {
  for (const path of held.keys()) rmSync(path, { force: true });
}
