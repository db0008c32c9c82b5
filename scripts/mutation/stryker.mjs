import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { npm } from '../setup/packages.mjs';
import { nodeBinary24 } from '../runtimes.mjs';
import { root } from '../setup/paths.mjs';
import { SetupError } from '../setup/run.mjs';
import { execute } from './execute.mjs';
import { copies, folder, tools } from './paths.mjs';

/** Messages, names of kernels and paths: what tests say of them is not worth a mutant. */
const EXCLUDED = ['StringLiteral', 'Regex'];

const manifest = join(root, 'scripts/mutation/package.json');

function installed() {
  const copy = join(tools, 'package.json');
  if (!existsSync(join(tools, 'node_modules')) || !existsSync(copy)) return false;
  return readFileSync(copy, 'utf8') === readFileSync(manifest, 'utf8');
}

export async function setUpStryker() {
  if (installed()) return;
  mkdirSync(tools, { recursive: true });
  // Without peers: vitest is the one of this project.
  const args = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--legacy-peer-deps'];
  copyFileSync(manifest, join(tools, 'package.json'));
  await npm('Stryker (npm install, about 65 MB on disk)', args, { cwd: tools });
}

/** This Node, or 24 where this one is older than Stryker can use. */
function nodeForStryker() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const node = nodeBinary24();
  if (node) return node;
  const advice = 'node scripts/setup.mjs --for test installs it';
  throw new SetupError(`Stryker needs Node 22 and this is ${process.version}: ${advice}`);
}

/** Every mutant that Stryker makes of these files. */
export async function mutantsOf(names) {
  const { resolve } = createRequire(join(tools, 'package.json'));
  const load = (name) => import(pathToFileURL(resolve(name)).href);
  const { createInstrumenter } = await load('@stryker-mutator/instrumenter');
  const { createInjector } = await load('typed-inject');
  const logger = new Proxy({}, { get: () => () => false });
  const instrumenter = createInjector()
    .provideValue('logger', logger)
    .provideValue('getLogger', () => logger)
    .provideValue('options', {})
    .injectFunction(createInstrumenter);
  const files = names.map((name) => ({
    name,
    content: readFileSync(join(root, name), 'utf8'),
    mutate: true,
  }));
  const options = { plugins: null, ignorers: [], excludedMutations: EXCLUDED };
  const { mutants } = await instrumenter.instrument(files, options);
  return mutants.filter(({ status }) => status !== 'Ignored');
}

/**
 * Runs tests against all mutants inside some places of the sources, each in `file:line:column-line:column`; results
 * come as lines of a file while it runs.
 */
export async function runStryker({ places, tests, results }) {
  const config = join(folder, 'stryker.json');
  const options = {
    testRunner: 'vitest',
    mutate: places,
    mutator: { excludedMutations: EXCLUDED },
    vitest: { configFile: 'scripts/mutation/vitest.config.mjs', related: false, pool: 'forks' },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    plugins: ['@stryker-mutator/vitest-runner', join(root, 'scripts/mutation/strykerReporter.mjs')],
    reporters: ['lines', 'clear-text'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    tempDirName: copies,
    cleanTempDir: 'always',
    ignorePatterns: ['target', 'runs', 'docs', 'findings', 'notebooks', 'bench/results'],
    timeoutMS: 120_000,
    dryRunTimeoutMinutes: 120,
  };
  writeFileSync(config, JSON.stringify(options));
  const program = join(tools, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const env = { ...process.env, RESIDUA_TESTS: tests.join(','), RESIDUA_MUTANTS: results };
  const code = await execute(nodeForStryker(), [program, 'run', config], { env });
  if (code !== 0) throw new Error(`Stryker ended with ${code}; what it found is kept`);
}
