import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the clone. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Cache of this clone: stamps and intermediate files. */
export const localCache = join(root, '.cache');

/** Cache of all clones: compiled std, other runtimes, the notebook's Python. */
export const sharedCache =
  process.env.RESIDUA_CACHE ??
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'residua');

/** Programs that this set-up compiled, for all clones. */
export const toolsFolder = join(sharedCache, 'tools');

/** Where cargo and its programs usually are. */
export const cargoBin = join(process.env.CARGO_HOME || join(homedir(), '.cargo'), 'bin');

/** The WASM files and the worker's script that the source runs with. */
export const assets = join(root, 'ts/kernels/assets');

export const dist = join(root, 'dist');
