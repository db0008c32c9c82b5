import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boolean, looseObject, safeParse } from 'valibot';
import { fileError } from '../../io/node/fileError.ts';
import { removeLeftOvers } from '../../io/node/leftOvers.ts';
import { writeAtomic } from '../../io/node/writeAtomic.ts';
import { wholeNumber } from '../../io/schemas.ts';
import type { CheckpointInfo } from '../checkpoint.ts';
import type { Trainer } from '../trainer.ts';
import { saveCheckpoint } from './checkpointFile.ts';
import { MetricsLog } from './metricsLog.ts';
import { RunLock } from './runLock.ts';

/** Names of the files in a run directory. */
export const RUN_FILES = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  checkpoint: 'checkpoint.safetensors',
  report: 'report.html',
} as const;

/** Files that show that a directory holds a run already. */
const SIGNS = Object.values(RUN_FILES);

/**
 * The folder of one training run: settings, metrics, checkpoint, result and report; each file is written in one piece. One
 * process has it at a time, until it is closed or the process ends.
 */
export class RunDirectory {
  readonly path: string;
  readonly metrics: MetricsLog;
  readonly #lock: RunLock;

  private constructor(path: string, metrics: MetricsLog, lock: RunLock) {
    this.path = path;
    this.metrics = metrics;
    this.#lock = lock;
  }

  /**
   * Makes the directory for a new run; what a run left there that was killed before its first checkpoint is replaced.
   *
   * @throws {Error} when it holds a run, another process writes to it, or it cannot be made or written
   */
  static async create(path: string): Promise<RunDirectory> {
    await refuseOldRun(path);
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw fileError(path, 'create', error);
    }
    return RunDirectory.#begin(path);
  }

  /** Makes a directory `<parent>/<stem>`, or `<stem>-2`, `-3`, … when there is one. */
  static async createFresh(parent: string, stem: string): Promise<RunDirectory> {
    for (let number = 1; ; number++) {
      const path = join(parent, number === 1 ? stem : `${stem}-${number}`);
      try {
        await mkdir(parent, { recursive: true });
        await mkdir(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(path)) continue;
        throw fileError(path, 'create', error);
      }
      return RunDirectory.#begin(path);
    }
  }

  /**
   * Opens the directory of a run to go on after `step` steps; what its metrics say of later steps is dropped, and so is what
   * a process left that was killed while it wrote.
   *
   * @param check called once no other process can write to it, before anything is changed
   * @throws {Error} when another process writes to it
   */
  static async resume(path: string, step: number, check?: () => void): Promise<RunDirectory> {
    return RunDirectory.#locked(path, () => {
      check?.();
      return MetricsLog.resume(join(path, RUN_FILES.metrics), step);
    });
  }

  static async #begin(path: string): Promise<RunDirectory> {
    return RunDirectory.#locked(path, async () => {
      await refuseOldRun(path);
      for (const file of [RUN_FILES.config, RUN_FILES.metrics])
        await rm(join(path, file), { force: true });
      const metrics = join(path, RUN_FILES.metrics);
      try {
        await writeFile(metrics, '', { flag: 'wx' });
      } catch (error) {
        throw fileError(metrics, 'write', error);
      }
      return new MetricsLog(metrics);
    });
  }

  static async #locked(path: string, open: () => Promise<MetricsLog>): Promise<RunDirectory> {
    const lock = await RunLock.acquire(path);
    try {
      const metrics = await open();
      await removeLeftOvers(path, SIGNS);
      return new RunDirectory(path, metrics, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Lets other processes write to it. */
  async close(): Promise<void> {
    await this.#lock.release();
  }

  /** Path of one of its files. */
  file(name: keyof typeof RUN_FILES): string {
    return join(this.path, RUN_FILES[name]);
  }

  /**
   * Checks that the disk has room for the files of the run, where the system says how much there is.
   *
   * @throws {Error} with both numbers when it has not
   */
  async reserve(bytes: number): Promise<void> {
    const free = await statfs(this.path).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => Infinity,
    );
    if (free < bytes) {
      const mega = (value: number): string => (value / 1e6).toFixed(1);
      throw new Error(
        `${this.path}: write: the run needs ${mega(bytes)} MB but the disk has ${mega(free)} MB left`,
      );
    }
  }

  async writeConfig(config: unknown): Promise<void> {
    await writeAtomic(this.file('config'), `${JSON.stringify(config, null, 2)}\n`);
  }

  async writeResult(result: unknown): Promise<void> {
    await writeAtomic(this.file('result'), `${JSON.stringify(result, null, 2)}\n`);
  }

  async writeReport(html: string): Promise<void> {
    await writeAtomic(this.file('report'), html);
  }

  async writeCheckpoint(trainer: Trainer, info: CheckpointInfo): Promise<void> {
    await saveCheckpoint(this.file('checkpoint'), trainer, info);
  }
}

/**
 * Refuses a directory that holds a run with anything to lose.
 *
 * @throws {Error} naming the file that shows it
 */
export async function refuseOldRun(path: string): Promise<void> {
  const sign = SIGNS.find((name) => existsSync(join(path, name)));
  if (sign !== undefined && !isUnfinished(path)) {
    throw new Error(
      `${path}: holds a run already (${sign}): choose another directory, or go on with it by --resume ${path}`,
    );
  }
}

/**
 * Whether a run has told all of itself after so many steps: its result, which is written last, and its report. What is no
 * result is written again.
 */
export async function hasEnded(path: string, step: number): Promise<boolean> {
  if (!existsSync(join(path, RUN_FILES.report))) return false;
  const text = await readFile(join(path, RUN_FILES.result), 'utf8').catch(() => '');
  const found = safeParse(resultSchema(), parsed(text));
  return found.success && found.output.step === step && !found.output.aborted;
}

const resultSchema = () => looseObject({ step: wholeNumber(0), aborted: boolean() });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a directory holds a run that ended before its first checkpoint: it said how to train, and no more. */
export function isUnfinished(path: string): boolean {
  const has = (name: string): boolean => existsSync(join(path, name));
  if (has(RUN_FILES.checkpoint) || has(RUN_FILES.result) || has(RUN_FILES.report)) return false;
  if (has(RUN_FILES.config)) return true;
  return has(RUN_FILES.metrics) && statSync(join(path, RUN_FILES.metrics)).size === 0;
}
