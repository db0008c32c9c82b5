import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Launch } from './compare.ts';

/** Folder of the peers' package, as seen from their bundles in dist/. */
export const folder = fileURLToPath(new URL('../', import.meta.url));
const bundle = fileURLToPath(new URL('./', import.meta.url));

/** What is being done, for people who wait. */
export const note = (text: string): void => void process.stderr.write(`residua: ${text}\n`);

/** Starts processes of the bundles. */
export function launcher(python: string): Launch {
  return {
    note,
    command: ({ name, language }, job) => {
      const settings = JSON.stringify(job);
      return language === 'python'
        ? [python, join(folder, 'runtimes/torch_peer.py'), settings]
        : [process.execPath, ...process.execArgv, join(bundle, 'peer.js'), name, settings];
    },
    version: ({ package: name }) => {
      const manifest = join(folder, 'node_modules', name ?? '', 'package.json');
      if (!name || !existsSync(manifest)) return undefined;
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
    },
  };
}
