import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import {
  chromiumBinary,
  denoBinary,
  notebookPython,
  runtimesFolder,
  venvFolder,
  wideChromium,
  wideChromiumBinary,
} from '../runtimes.mjs';
import { aptInstall, canApt } from './apt.mjs';
import { withLock } from './lock.mjs';
import { npm } from './packages.mjs';
import { root, sharedCache } from './paths.mjs';
import { setUpRustChecks } from './rust.mjs';
import { find, run, say } from './run.mjs';

const PYTHON_PACKAGES = ['nbclient==0.10.*', 'nbformat==5.10.*'];

/** Installs the runtimes of test/runtimes, unless they are there. */
export async function setUpRuntimes() {
  if (existsSync(join(runtimesFolder, 'node_modules/.package-lock.json'))) return;
  mkdirSync(runtimesFolder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(join(root, 'test/runtimes', name), join(runtimesFolder, name));
  }
  await npm(
    'Node 24, Node 26, Deno, Bun and a Chromium from npm for the tests',
    ['ci', '--no-audit', '--no-fund', '--ignore-scripts'],
    { cwd: runtimesFolder },
  );
}

async function setUpChromium() {
  if (chromiumBinary()) return;
  if (canApt) return aptInstall('Chromium for the browser tests', ['chromium']);
  const cli = join(root, 'node_modules/playwright-core/cli.js');
  return run("Playwright's Chromium for the browser tests", process.execPath, [
    cli,
    'install',
    'chromium',
  ]);
}

/** Unpacks the Chromium of npm's package, whose V8 can pair vectors. */
async function setUpWideChromium() {
  const { packed, binary } = wideChromium;
  if (platform() !== 'linux' || arch() !== 'x64' || !existsSync(packed) || wideChromiumBinary())
    return;
  say('unpacking the Chromium of @sparticuz/chromium (200 MB)');
  mkdirSync(dirname(binary), { recursive: true });
  const part = `${binary}.part`;
  const program = createWriteStream(part, { mode: 0o755 });
  await pipeline(createReadStream(packed), createBrotliDecompress(), program);
  renameSync(part, binary);
}

/** A venv that can execute notebooks, with Deno as its kernel. */
async function setUpNotebooks() {
  if (notebookPython()) return;
  if (canApt && !existsSync('/usr/share/doc/python3-venv')) {
    await aptInstall('python3-venv for the notebook tests', ['python3-venv']);
  }
  const system = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : find('python3');
  await run('a Python venv for the notebook tests', system, ['-m', 'venv', '--clear', venvFolder]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run('nbclient in it', join(venvFolder, 'bin/python'), [...pip, ...PYTHON_PACKAGES]);
  const kernel = join(venvFolder, 'share/jupyter/kernels/deno');
  mkdirSync(kernel, { recursive: true });
  const argv = [denoBinary(), 'jupyter', '--kernel', '--conn', '{connection_file}'];
  writeFileSync(
    join(kernel, 'kernel.json'),
    JSON.stringify({ argv, display_name: 'Deno', language: 'typescript' }),
  );
}

/** What the tests need beyond the build; what cannot be had is told and its tests are skipped. */
export async function setUpTestTools() {
  await withLock(join(sharedCache, 'lock'), async () => {
    for (const step of [
      setUpRustChecks,
      setUpRuntimes,
      setUpChromium,
      setUpWideChromium,
      setUpNotebooks,
    ]) {
      await step().catch((error) => say(`${error.message}\nresidua: going on without it`));
    }
  });
}
