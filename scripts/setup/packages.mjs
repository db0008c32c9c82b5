import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { run } from './run.mjs';

const ADVICE = 'npm must reach its registry: check `npm ping` and proxy settings, then run again';

const read = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** Whether node_modules holds what the lock file names. */
function installed() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const have = read(record);
  return Object.entries(read(join(root, 'package-lock.json'))).every(
    ([path, entry]) => path === '' || entry.optional || have[path]?.version === entry.version,
  );
}

/** Runs npm, the one that started this script if there is one. */
export function npm(label, args, options = {}) {
  const script = process.env.npm_execpath;
  const [command, first] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  return run(label, command, [...first, ...args], { advice: ADVICE, ...options });
}

export async function setUpPackages() {
  if (installed()) return;
  await npm('npm packages (npm ci, about 10 s)', [
    'ci',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
  ]);
}
