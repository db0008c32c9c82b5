// `npm run bench`: sets up, bundles bench/main.ts beside the WASM builds and runs it in this Node.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { fail, setUp } from './setup.mjs';
import { dist, root } from './setup/paths.mjs';
import { option } from './setup/buildsFor.mjs';
import { allBuilds, WIDE_NODES } from './setup/wasm.mjs';

await setUp('start', allBuilds).catch(fail);
if (process.argv[2] === 'runtimes') {
  const { benchRuntimes } = await import('../bench/runtimes/main.mjs');
  await benchRuntimes(process.argv.slice(3));
  process.exit();
}
if (process.argv[2] === 'peers') {
  const { benchPeers } = await import('../bench/peers/run.mjs');
  process.exit(await benchPeers(process.argv.slice(3)).catch(fail));
}
if (process.argv[2] === 'startup') {
  const { benchStartup } = await import('../bench/startup/run.mjs');
  process.exit(await benchStartup(process.argv.slice(3)).catch(fail));
}
const outfile = join(dist, 'bench.js');
await build({
  entryPoints: [join(root, 'bench/main.ts')],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  logLevel: 'warning',
});
const major = Number(process.versions.node.split('.')[0]);
const paired = WIDE_NODES.includes(major) && option(process.argv, '--simd') !== '128';
const flags = [
  ...(major < 22 ? ['--experimental-wasm-relaxed-simd'] : []),
  ...(paired ? ['--experimental-wasm-revectorize'] : []),
];
const child = spawn(process.execPath, [...flags, outfile, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
child.on('close', (code) => process.exit(code ?? 1));
