// `npm run bench`: sets up, bundles bench/main.ts beside the WASM builds and runs it, or another program of bench/, under
// Node 26 where that is there, or with `--node 24` under Node 24.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFlags } from './nodeFlags.mjs';
import { runNode } from './runNode.mjs';
import { fail, setUp } from '../scripts/setup.mjs';
import { dist, root } from '../scripts/setup/paths.mjs';
import { say, SetupError } from '../scripts/setup/run.mjs';
import { allBuilds } from '../scripts/setup/wasm.mjs';

const DEFAULT_NODE = '26';

/** Programs of their own: each installs what it needs and resolves to an exit code. */
const programs = {
  runtimes: async (args) => (await import('./runtimes/main.mjs')).benchRuntimes(args),
  peers: async (args) => (await import('./peers/run.mjs')).benchPeers(args),
  'endurance-page': async (args) => (await import('./endurance/page.mjs')).benchEndurancePage(args),
  'first-logits': async (args) =>
    (await import('./startup/compareImports.mjs')).benchFirstLogits(args),
  startup: async (args) => (await import('./startup/run.mjs')).benchStartup(args),
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
    args,
    strict: false,
    allowPositionals: true,
    options: { simd: { type: 'string', default: 'auto' } },
  });
  const flags = nodeFlags(process.versions.node, values.simd === '128' ? 128 : 'auto');
  return runNode([...flags, outfile, ...args]);
}

/** The Node asked for, and the other arguments. */
function takeNode(args) {
  const at = args.indexOf('--node');
  if (at < 0) return [DEFAULT_NODE, args];
  const asked = args[at + 1];
  if (asked !== '24' && asked !== '26') {
    throw new SetupError(`bench: --node is ${asked ?? 'empty'} but must be 24 or 26`);
  }
  return [asked, args.toSpliced(at, 2)];
}

async function main(given) {
  const [major, args] = takeNode(given);
  await setUp('start', allBuilds);
  const { nodeBinary24, nodeBinary26 } = await import('../scripts/runtimes.mjs');
  const own = process.versions.node;
  const wanted = major === '24' ? nodeBinary24() : nodeBinary26();
  if (wanted && !own.startsWith(`${major}.`)) {
    return runNode([import.meta.filename, ...given], wanted);
  }
  const advice = `; \`node scripts/setup.mjs --for test\` installs Node ${major}, which it takes then`;
  say(`benchmarks under Node ${own}${wanted ? '' : advice}`);
  const [first = '', ...rest] = args;
  const program = programs[first];
  return program ? program(rest) : runMain(args);
}

process.exit(await main(process.argv.slice(2)).catch(fail));
