import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileError } from '../../io/node/fileError.ts';
import { RUN_FILES } from '../../train/node/runDirectory.ts';
import { say } from '../terminal/say.ts';

/** Where runs go when nobody says. */
export const RUNS = 'runs';

/**
 * Path of the checkpoint that a run directory or file stands for, or of the newest one under runs/.
 *
 * @throws {Error} when there is none
 */
export function findCheckpoint(path: string | undefined): string {
  if (path === undefined) return newestCheckpoint();
  if (!isDirectory(path)) return path;
  const file = join(path, RUN_FILES.checkpoint);
  if (!existsSync(file)) throw new Error(`${path}: read: holds no ${RUN_FILES.checkpoint}`);
  return file;
}

/** Throws for what is not there, in our words: a path may also lead through a file, or be too long. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}

function newestCheckpoint(): string {
  const names = existsSync(RUNS) && isDirectory(RUNS) ? readdirSync(RUNS) : [];
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
