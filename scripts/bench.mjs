// `npm run bench`: sets up, bundles bench/main.ts beside the WASM builds and runs it, or another program of bench/, under
// Node 26 where that is there.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFlags } from '../bench/nodeFlags.mjs';
import { runNode } from '../bench/runNode.mjs';
import { fail, setUp } from './setup.mjs';
import { dist, root } from './setup/paths.mjs';
import { say } from './setup/run.mjs';
import { allBuilds } from './setup/wasm.mjs';

const DEFAULT_NODE = '26.';

/** Programs of their own: each installs what it needs and resolves to an exit code. */
const programs = {
  runtimes: async (args) => (await import('../bench/runtimes/main.mjs')).benchRuntimes(args),
  peers: async (args) => (await import('../bench/peers/run.mjs')).benchPeers(args),
  startup: async (args) => (await import('../bench/startup/run.mjs')).benchStartup(args),
};

/** Suites and programs that need nothing else, in one process. */
async function runMain(args) {
  const { build } = await import('esbuild');
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
  const { values } = parseArgs({
    ...{ args, strict: false, allowPositionals: true },
    options: { simd: { type: 'string', default: 'auto' } },
  });
  const flags = nodeFlags(process.versions.node, values.simd === '128' ? 128 : 'auto');
  return runNode([...flags, outfile, ...args]);
}

async function main(args) {
  await setUp('start', allBuilds);
  const { nodeBinary26 } = await import('./runtimes.mjs');
  const own = process.versions.node;
  const newer = nodeBinary26();
  if (newer && !own.startsWith(DEFAULT_NODE)) {
    return runNode([import.meta.filename, ...args], newer);
  }
  const advice = '; `node scripts/setup.mjs --for test` installs Node 26, which it takes then';
  say(`benchmarks under Node ${own}${newer ? '' : advice}`);
  const [first = '', ...rest] = args;
  const program = programs[first];
  return program ? program(rest) : runMain(args);
}

process.exit(await main(process.argv.slice(2)).catch(fail));
