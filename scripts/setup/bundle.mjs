import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assets, dist, root } from './paths.mjs';
import { run, say, SetupError } from './run.mjs';
import { digest, isFresh, stamp } from './stamp.mjs';

const ENTRIES = { index: 'ts/index.ts', node: 'ts/node.ts', cli: 'ts/cli/main.ts' };
const WORKER = 'ts/kernels/teamWorker.ts';
const SETTINGS = [
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.types.json',
  'scripts/setup/bundle.mjs',
];

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  packages: 'external',
  external: ['node:*'],
  logLevel: 'error',
};

async function bundle(options) {
  const { build } = await import('esbuild');
  await build({ ...common, ...options }).catch((error) => {
    throw new SetupError(`bundles (esbuild): ${error.message}`);
  });
}

/** The script that every helper thread runs, as one file beside the WASM builds. */
export async function setUpWorker() {
  const output = join(assets, 'team-worker.js');
  if (!existsSync(join(root, WORKER))) return say(`no ${WORKER} yet: worker script left out`);
  const hash = digest(['ts', ...SETTINGS]);
  if (isFresh('worker', hash, [output])) return undefined;
  await bundle({ entryPoints: [WORKER], outfile: output });
  return stamp('worker', hash);
}

/** The package's JavaScript in dist/, with the assets beside it. */
export async function setUpBundles() {
  const present = Object.entries(ENTRIES).filter(([name, path]) => {
    const exists = existsSync(join(root, path));
    if (!exists) say(`no ${path} yet: dist/${name}.js left out`);
    return exists;
  });
  const outputs = present.map(([name]) => join(dist, `${name}.js`));
  const hash = digest(['ts', ...SETTINGS], present);
  if (!isFresh('bundles', hash, outputs)) {
    for (const file of existsSync(dist) ? readdirSync(dist) : []) {
      if (/\.js(\.map)?$/.test(file)) rmSync(join(dist, file));
    }
    await bundle({
      entryPoints: Object.fromEntries(present),
      outdir: dist,
      splitting: true,
      sourcemap: true,
      chunkNames: 'chunk-[hash]',
    });
    stamp('bundles', hash);
  }
  copyAssets(join(dist, 'assets'));
}

/** Copies the WASM builds and the worker's script to where bundles look for them. */
export function copyAssets(folder) {
  mkdirSync(folder, { recursive: true });
  const files = existsSync(assets)
    ? readdirSync(assets).filter((name) => /\.(wasm|js)$/.test(name))
    : [];
  for (const name of files) copyFileSync(join(assets, name), join(folder, name));
}

/** Type declarations in dist/types. */
export async function setUpDeclarations() {
  const hash = digest(['ts', ...SETTINGS]);
  if (isFresh('declarations', hash, [join(dist, 'types')])) return;
  rmSync(join(dist, 'types'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run('type declarations (tsc)', process.execPath, [tsc, '-p', 'tsconfig.types.json']);
  stamp('declarations', hash);
}
