// A page that a benchmark opens: one script, and the WASM builds beside it.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { copyAssets } from '../scripts/setup/bundle.mjs';
import { localCache, root } from '../scripts/setup/paths.mjs';

/** Bundles a script into a folder of the cache, which it resolves to. */
export async function bundlePage(entry, name) {
  const folder = join(localCache, name);
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(folder, 'page.js'),
    platform: 'browser',
    bundle: true,
    format: 'esm',
    logLevel: 'warning',
  });
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>bench</title><script type="module" src="page.js"></script>\n',
  );
  copyFileSync(join(root, 'demo/icon.svg'), join(folder, 'icon.svg'));
  copyAssets(join(folder, 'assets'));
  return folder;
}
