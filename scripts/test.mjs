// `npm test`: sets up, then runs every check and test in every runtime; the last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { setUp } from './setup.mjs';
import { localCache, root } from './setup/paths.mjs';
import { hostRust } from './setup/rust.mjs';
import { envWithPath } from './setup/run.mjs';

const total = { passed: 0, failed: 0, ran: new Set(), skipped: [], failures: [] };

function add({ passed = 0, failed = 0, ran = [], skipped = [], failures = [] }, where) {
  total.passed += passed;
  total.failed += failed;
  for (const name of ran) total.ran.add(name);
  total.skipped.push(...skipped.map((test) => ({ ...test, where })));
  total.failures.push(...failures.map((text) => `${where}: ${text}`));
}

/** Lines for the tests that no runtime ran: what one of them cannot do is tested in another. */
function skippedLines() {
  return total.skipped
    .filter(({ name }) => !total.ran.has(name))
    .map(({ where, name, reason }) => [where, name, reason].filter(Boolean).join(': '));
}

/** Runs a program, showing its output, and resolves to that output and the exit code. */
function execute(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.on('error', (error) => resolve({ code: error.message, output }));
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

async function timed(name, work) {
  process.stdout.write(`\n== ${name}\n`);
  const start = performance.now();
  await work();
  process.stdout.write(`== ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

/** One check counts as one test. */
async function check(name, command, args, env) {
  const { code } = await execute(command, args, env);
  add(code === 0 ? { passed: 1 } : { failed: 1, failures: [`ended with ${code}`] }, name);
}

const tool = (path) => join(root, 'node_modules', path);

async function checks() {
  const rust = await hostRust();
  const strict = ['--all-targets', '--locked', '--', '-D', 'warnings'];
  await check('format (prettier)', process.execPath, [
    tool('prettier/bin/prettier.cjs'),
    '--check',
    '.',
  ]);
  await check('lint (eslint)', process.execPath, [tool('eslint/bin/eslint.js'), '.']);
  await check('layers', process.execPath, [join(root, 'scripts/checkLayers.mjs')]);
  await check('passes', process.execPath, [join(root, 'scripts/passTable.mjs')]);
  await check('types (tsc)', process.execPath, [
    tool('typescript-native/bin/tsc'),
    '-p',
    'tsconfig.json',
  ]);
  await check('format (cargo fmt)', 'cargo', ['fmt', '--check'], rust);
  await check('lint (clippy)', 'cargo', ['clippy', ...strict], rust);
  await check('lint (clippy), wide', 'cargo', ['clippy', '--features', 'wide', ...strict], rust);
}

/** The crate's tests, with vectors of four lanes and with pairs of them. */
async function cargoTests() {
  await cargoTest('cargo', []);
  await cargoTest('cargo, wide', ['--features', 'wide']);
}

async function cargoTest(name, features) {
  const args = ['test', '--locked', ...features];
  const { code, output } = await execute('cargo', args, await hostRust());
  const counts = { passed: 0, failed: 0, skipped: [], failures: [] };
  for (const [, passed, failed] of output.matchAll(
    /^test result: .*?(\d+) passed; (\d+) failed/gm,
  )) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
  }
  for (const [, name, reason] of output.matchAll(/^test (.+?) \.\.\. ignored(?:, (.+))?$/gm)) {
    counts.skipped.push({ name, reason });
  }
  for (const [, name] of output.matchAll(/^test (.+?) \.\.\. FAILED$/gm))
    counts.failures.push(name);
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1;
    counts.failures.push(`cargo test ended with ${code}`);
  }
  add(counts, name);
}

async function vitest(name, node, args, flags = '') {
  const report = join(localCache, `vitest-${name}.json`);
  mkdirSync(localCache, { recursive: true });
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=./scripts/vitestReporter.mjs'];
  const env = { ...process.env, RESIDUA_REPORT: report, RESIDUA_NODE_FLAGS: flags };
  if (!flags) delete env.RESIDUA_NODE_FLAGS;
  const options = ['--passWithNoTests', '--allowOnly=false', ...reporters];
  const vitestArgs = [tool('vitest/vitest.mjs'), 'run', ...options, ...args];
  const { code } = await execute(node, vitestArgs, env);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  if (code !== 0 && !counts.failed) {
    counts.failed = 1;
    counts.failures = [`vitest ended with ${code}`];
  }
  add(counts, name);
}

/** A run that needs a runtime which may be missing; then all of it is one skipped test. */
async function inRuntime(name, binary, work) {
  if (binary) await work(binary);
  else
    add(
      {
        skipped: [{ reason: 'it is not installed; `node scripts/setup.mjs --for test` says why' }],
      },
      name,
    );
}

async function denoTests(deno) {
  const folder = join(root, 'test/deno');
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  const own = envWithPath(dirname(process.execPath));
  const env = { ...own, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' };
  const { code, output } = await execute(
    deno,
    ['test', '-A', '--no-check', '--no-lock', 'test/deno'],
    env,
  );
  const counts = { passed: 0, failed: 0, skipped: [], failures: [] };
  const summary = /\| (\d+) passed.*?\| (\d+) failed/.exec(output);
  counts.passed = Number(summary?.[1] ?? 0);
  counts.failed = Number(summary?.[2] ?? 0);
  for (const [, test] of output.matchAll(/^(.+?) \.\.\. ignored/gm))
    counts.skipped.push({ name: test });
  for (const [, test] of output.matchAll(/^(.+?) \.\.\. FAILED/gm)) counts.failures.push(test);
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1;
    counts.failures.push(`deno test ended with ${code}`);
  }
  add(counts, 'deno');
}

/** Folders whose tests depend on the JavaScript engine and so run under Node 24 and 26 as well. */
const ENGINE_TESTS = [
  'test/kernels',
  'test/ops',
  'test/compile',
  'test/nn',
  'test/models',
  'test/train',
];

/** Those whose values come from kernels without a network around them, for engines as they start by themselves. */
const KERNEL_TESTS = ['test/kernels', 'test/ops', 'test/compile'];

/**
 * Flags under which V8 makes one instruction of a pair of vectors, which it does in optimised code alone: so functions are
 * optimised when they are first called. The builds of both widths take part in the tests then.
 */
const PAIRS = '--experimental-wasm-revectorize --no-liftoff';

async function main() {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  await setUp('test');
  add({ passed: 1 }, 'set-up');
  const { nodeBinary24, nodeBinary26, denoBinary } = await import('./runtimes.mjs');
  const core = (folders) => ['--project', 'core', ...(positionals.length ? positionals : folders)];
  const inNode = (name, binary, folders, flags) => () =>
    inRuntime(name, binary, (node) => vitest(name, node, core(folders), flags));
  const phases = {
    checks,
    cargo: cargoTests,
    node: () => vitest('node', process.execPath, core([])),
    node24: inNode('node24', nodeBinary24(), ENGINE_TESTS, PAIRS),
    node26: inNode('node26', nodeBinary26(), ENGINE_TESTS, PAIRS),
    'node26-128': inNode('node26-128', nodeBinary26(), KERNEL_TESTS),
    deno: () => inRuntime('deno', denoBinary(), denoTests),
    slow: () => vitest('slow', process.execPath, ['--project', 'slow', ...positionals]),
  };
  const chosen = values.only ?? Object.keys(phases);
  const unknown = chosen.find((name) => !(name in phases));
  if (unknown)
    throw new Error(`--only ${unknown}: the parts are ${Object.keys(phases).join(', ')}`);
  for (const name of chosen) await timed(name, phases[name]);
}

function summary() {
  const list = (title, lines) => {
    if (lines.length > 0)
      process.stdout.write(`\n${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  };
  const skipped = skippedLines();
  list('skipped', skipped);
  if (process.env.CI === 'true') {
    total.failed += skipped.length;
    total.failures.push(...skipped.map((line) => `skipped although CI=true: ${line}`));
  }
  list('failed', total.failures);
  const ok = total.failed === 0;
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = ok ? 0 : 1;
}

try {
  await main();
} catch (error) {
  process.stdout.write(
    `\n${error.message}\n${error.advice ? `What to do: ${error.advice}\n` : ''}`,
  );
  add({ failed: 1, failures: [error.message.split('\n')[0]] }, 'npm test');
}
summary();
