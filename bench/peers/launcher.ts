import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { nodeFlags, PAIRS_FLAG } from '../nodeFlags.mjs';
import type { Launch } from './compare.ts';

/** Folder of the peers' package, as seen from their bundles in dist/. */
export const folder = fileURLToPath(new URL('../', import.meta.url));
const bundle = fileURLToPath(new URL('./', import.meta.url));

/** What is being done, for people who wait. */
export const note = (text: string): void => void process.stderr.write(`residua: ${text}\n`);

/** Script that serves another checkout; run.mjs bundles one for each that is named. */
export const checkoutProgram = (index: number): string => join(bundle, `old/${index}/peer.js`);

/** Starts processes of the bundles, under flags for their width. */
export function launcher(): Launch {
  return {
    note,
    command: ({ peer, simd, python, checkout }, job) => {
      const settings = JSON.stringify({
        ...job,
        ...(simd !== undefined && { simd }),
        ...(peer.compiled && { compiled: true }),
      });
      if (peer.language === 'python') {
        return [python!, join(folder, 'runtimes/torch_peer.py'), settings];
      }
      const flags = nodeFlags(process.versions.node, simd ?? 128);
      const program = checkout?.program ?? join(bundle, 'peer.js');
      return [process.execPath, ...flags, program, peer.runs ?? peer.name, settings];
    },
    version: ({ peer, checkout }) => {
      if (checkout) return checkout.version;
      const manifest = join(folder, 'node_modules', peer.package ?? '', 'package.json');
      if (!peer.package || !existsSync(manifest)) return undefined;
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
    },
    width: ({ peer, simd }) => {
      if (!peer.wasm || simd === undefined) return undefined;
      return nodeFlags(process.versions.node, simd).includes(PAIRS_FLAG) ? 256 : 128;
    },
  };
}
