// Brings a clone to where it can run: npm packages, Rust, WASM builds, bundles. Depends on nothing but Node.
import { parseArgs } from 'node:util';
import { setUpBundles, setUpDeclarations, setUpWorker } from './setup/bundle.mjs';
import { setUpPackages } from './setup/packages.mjs';
import { say, SetupError } from './setup/run.mjs';
import { allBuilds, buildsOfThisNode, setUpWasm } from './setup/wasm.mjs';

const MINIMUM_NODE = [20, 16];
const PURPOSES = ['start', 'build', 'test'];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    const need = MINIMUM_NODE.join('.');
    throw new SetupError(
      `Node ${process.versions.node} is older than ${need}`,
      'Install a newer Node',
    );
  }
}

/**
 * Sets up for `start` (what this Node needs to train), `build` (all that is published) or `test`
 * (also the other runtimes, the browser and the notebook's Python).
 */
export async function setUp(
  purpose,
  builds = purpose === 'start' ? buildsOfThisNode() : allBuilds,
) {
  const start = performance.now();
  checkNode();
  await setUpPackages();
  await setUpWasm(builds);
  await setUpWorker();
  await setUpBundles();
  if (purpose === 'build') await setUpDeclarations();
  if (purpose === 'test') {
    // The type check among the tests fails as well, and the other tests are worth having then.
    await setUpDeclarations().catch((error) => say(error.message));
    const { setUpTestTools } = await import('./setup/testTools.mjs');
    await setUpTestTools();
  }
  say(`set-up for ${purpose} is complete (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

/** Prints an error the way a person wants it, after what failed, and ends with failure. */
export function fail(error, what = 'set-up failed: ') {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`\nresidua: ${what}${error.message}\n`);
  if (error.advice) process.stderr.write(`\nWhat to do: ${error.advice}\n`);
  process.exit(1);
}

async function main() {
  const { values } = parseArgs({
    options: { for: { type: 'string', default: 'start' }, builds: { type: 'string' } },
  });
  const builds = values.builds === 'all' ? allBuilds : values.builds?.split(',');
  const unknown = builds?.find((name) => !allBuilds.includes(name));
  if (!PURPOSES.includes(values.for) || unknown) {
    throw new SetupError(
      `unknown ${unknown ? `build ${unknown}` : `purpose ${values.for}`}`,
      `--for ${PURPOSES.join('|')}, --builds all or a list of ${allBuilds.join(',')}`,
    );
  }
  await setUp(values.for, builds);
}

if (process.argv[1] === import.meta.filename) await main().catch(fail);
