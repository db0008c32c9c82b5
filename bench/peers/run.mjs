// `npm run bench -- peers infer|train …`: installs the peers if they are not there, bundles, and compares.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { copyAssets } from '../../scripts/setup/bundle.mjs';
import { digest } from '../../scripts/setup/stamp.mjs';
import { npm } from '../../scripts/setup/packages.mjs';
import { nodeFlags } from '../nodeFlags.mjs';
import { runNode } from '../runNode.mjs';

const folder = fileURLToPath(new URL('./', import.meta.url));
const bundles = join(folder, 'dist');

/** What the files that peers read depend on. */
const WRITERS = ['ts', 'bench/peers/network', 'bench/peers/formats', 'bench/peers/prepare.ts'];

/** Whether the packages are there in the versions that the manifest names. */
function installed() {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.entries(dependencies).every(([name, version]) => {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    return (
      existsSync(manifest) &&
      JSON.parse(readFileSync(manifest, 'utf8')).version === version.split('@').at(-1)
    );
  });
}

async function setUpPeers() {
  if (installed()) return;
  await npm(
    'packages of bench/peers (npm install, about 800 MB on disk)',
    ['install', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'],
    // onnxruntime-node would fetch GPU libraries; the one for CPUs is inside.
    { cwd: folder, env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' } },
  );
}

/** LiteRT.js has CommonJS scripts in an ES module package, where Node cannot load them; copies can be. */
function copyLiteRt() {
  const copy = join(bundles, 'litert');
  cpSync(join(folder, 'node_modules/@litertjs/core/wasm'), copy, { recursive: true });
  writeFileSync(join(copy, 'package.json'), '{ "type": "commonjs" }');
}

const common = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  logLevel: 'warning',
};

/** Bundles the programs of the comparison, and one more. */
export async function buildPeers(...more) {
  const entryPoints = ['check.ts', 'main.ts', 'peer.ts', ...more];
  await build({ ...common, absWorkingDir: folder, entryPoints, outdir: bundles });
}

/** Bundles what serves the networks in other checkouts of this project, each beside its own WASM builds. */
async function buildCheckouts(args) {
  const { values } = parseArgs({
    args,
    strict: false,
    allowPositionals: true,
    options: { old: { type: 'string', multiple: true, default: [] } },
  });
  rmSync(join(bundles, 'old'), { recursive: true, force: true });
  for (const [index, written] of values.old.entries()) {
    const checkout = resolve(written);
    const outdir = join(bundles, 'old', String(index));
    const entryPoints = [join(checkout, 'bench/peers/peer.ts')];
    await build({ ...common, absWorkingDir: checkout, entryPoints, outdir });
    cpSync(join(checkout, 'ts/kernels/assets'), join(outdir, 'assets'), { recursive: true });
  }
}

/** Makes packages and WASM builds ready for processes of the peers. */
export async function makeReady() {
  await setUpPeers();
  copyAssets(join(bundles, 'assets'));
  copyLiteRt();
}

/** Compares as the arguments say and resolves to the exit code; the WASM builds must be there. */
export async function benchPeers(args) {
  await buildPeers();
  const refused = await runNode([join(bundles, 'check.js'), ...args]);
  if (refused !== 0) return refused;
  await buildCheckouts(args);
  await makeReady();
  return runPeers('main.js', args);
}

/** Runs one of the bundled programs and resolves to its exit code. */
export function runPeers(program, args) {
  const flags = nodeFlags(process.versions.node, 128);
  return runNode([...flags, join(bundles, program), ...args, '--stamp', digest(WRITERS)]);
}
