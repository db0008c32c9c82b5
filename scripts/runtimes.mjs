// Where the tests find other runtimes, the browser and Python; `node scripts/setup.mjs --for test` puts them there.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root, sharedCache } from './setup/paths.mjs';
import { find } from './setup/run.mjs';

const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const lock = readFileSync(join(root, 'test/runtimes/package-lock.json'));

/** Folder of the npm packages that carry Node 24, Node 26, Deno and Bun, shared by all clones. */
export const runtimesFolder = join(
  sharedCache,
  'runtimes',
  createHash('sha256').update(lock).digest('hex').slice(0, 12),
);

/** Folder of the Python environment that executes notebooks with this Deno. */
export const venvFolder = join(runtimesFolder, 'venv');

const firstExisting = (...paths) => paths.find((path) => path && existsSync(path));
const packaged = (path) => join(runtimesFolder, 'node_modules', path);

const node = (major) => {
  const own = process.versions.node.startsWith(`${major}.`) ? process.execPath : undefined;
  return firstExisting(own, packaged(`node${major}-${platform}/bin/node`));
};

/** Path of Node 24, or undefined. */
export const nodeBinary24 = () => node(24);

/** Path of Node 26, or undefined. */
export const nodeBinary26 = () => node(26);

/** Path of Deno, or undefined. */
export function denoBinary() {
  const suffix = process.platform === 'linux' ? '-glibc' : '';
  return firstExisting(packaged(`@deno/${platform}${suffix}/deno`), find('deno'));
}

/** Path of Bun, or undefined. */
export function bunBinary() {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return firstExisting(packaged(`@oven/bun-${process.platform}-${arch}/bin/bun`), find('bun'));
}

/** Path of a Chromium or Chrome, or undefined. */
export function chromiumBinary() {
  return firstExisting(
    process.env.RESIDUA_CHROMIUM,
    find('chromium'),
    find('chromium-browser'),
    find('google-chrome'),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    chromium.executablePath(),
  );
}

/** Where npm's `@sparticuz/chromium`, a Chromium built as Chrome is, lies packed, and where the set-up unpacks it; Linux on x64 only. */
export const wideChromium = {
  packed: packaged('@sparticuz/chromium/bin/chromium.br'),
  binary: join(runtimesFolder, 'chromium/chromium'),
};

/** Path of a Chromium whose V8 pairs vectors under a switch, or undefined: Debian's is built without. */
export function wideChromiumBinary() {
  return firstExisting(process.env.RESIDUA_WIDE_CHROMIUM, wideChromium.binary);
}

/** Path of a Python that has nbclient and knows the `deno` kernel, or undefined. */
export function notebookPython() {
  const kernel = firstExisting(join(venvFolder, 'share/jupyter/kernels/deno/kernel.json'));
  return kernel && firstExisting(join(venvFolder, 'bin/python'));
}

/** Flags for a headless Chromium that talks to nobody but the page under test. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
