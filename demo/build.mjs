// Bundles the page and its worker into demo/dist/, with the WASM builds beside them.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { copyAssets } from '../scripts/setup/bundle.mjs';
import { root } from '../scripts/setup/paths.mjs';

const source = join(root, 'demo');

/** Folder that {@link buildDemo} fills; any static server can serve it. */
export const demoFolder = join(source, 'dist');

export async function buildDemo() {
  mkdirSync(demoFolder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['demo/main.ts', 'demo/worker.ts', 'demo/main.css'],
    outdir: demoFolder,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  });
  for (const name of ['index.html', 'icon.svg']) cpSync(join(source, name), join(demoFolder, name));
  copyAssets(join(demoFolder, 'assets'));
}
