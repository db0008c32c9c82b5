// `npm run bench -- peers infer|train …`: installs the peers if they are not there, bundles, and compares.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { copyAssets } from '../../scripts/setup/bundle.mjs';
import { digest } from '../../scripts/setup/stamp.mjs';
import { npm } from '../../scripts/setup/packages.mjs';

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

/** Bundles the programs of the comparison, and one more. */
export async function buildPeers(...more) {
  await build({
    absWorkingDir: folder,
    entryPoints: ['check.ts', 'main.ts', 'peer.ts', ...more],
    outdir: bundles,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
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
  const refused = await node([join(bundles, 'check.js'), ...args]);
  if (refused !== 0) return refused;
  await makeReady();
  return runPeers('main.js', args);
}

/** Runs one of the bundled programs and resolves to its exit code. */
export function runPeers(program, args) {
  const relaxed =
    Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
  return node([...relaxed, join(bundles, program), ...args, '--stamp', digest(WRITERS)]);
}

/** Runs this Node with the arguments and resolves to its exit code. */
function node(args) {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  process.on('SIGTERM', () => child.kill());
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}
