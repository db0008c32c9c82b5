import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_FILES } from '../train/node/runDirectory.ts';
import { say } from './say.ts';

/** Where runs go when nobody says. */
export const RUNS = 'runs';

/**
 * Path of the checkpoint that a run directory or file stands for, or of the newest one under runs/.
 *
 * @throws {Error} when there is none
 */
export function findCheckpoint(path: string | undefined): string {
  if (path === undefined) return newestCheckpoint();
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`${path}: read: no such file or directory`);
  if (!found.isDirectory()) return path;
  const file = join(path, RUN_FILES.checkpoint);
  if (!existsSync(file)) throw new Error(`${path}: read: holds no ${RUN_FILES.checkpoint}`);
  return file;
}

function newestCheckpoint(): string {
  const names = existsSync(RUNS) ? readdirSync(RUNS) : [];
  const files = names
    .map((name) => join(RUNS, name, RUN_FILES.checkpoint))
    .filter((file) => existsSync(file))
    .map((file) => ({ file, time: statSync(file).mtimeMs }));
  if (files.length === 0) {
    throw new Error(`${RUNS}: read: holds no run with a checkpoint: name one, or train first`);
  }
  const { file } = files.reduce((newest, other) => (other.time > newest.time ? other : newest));
  say(`using ${file}`);
  return file;
}
