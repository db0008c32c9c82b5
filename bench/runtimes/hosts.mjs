// Where the benchmark of runtimes finds them, and how each is run and asked for a round.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { serve } from '../../demo/server.mjs';
import {
  chromiumBinary,
  chromiumFlags,
  denoBinary,
  nodeBinary24,
} from '../../scripts/runtimes.mjs';
import { npm } from '../../scripts/setup/packages.mjs';
import { root, sharedCache } from '../../scripts/setup/paths.mjs';
import { find } from '../../scripts/setup/run.mjs';

const RELAXED = '--experimental-wasm-relaxed-simd';
const folder = join(sharedCache, 'bench-runtimes');

/** Installs what no other part of the project needs: Bun and Node 20. */
export async function installHosts() {
  if (existsSync(join(folder, 'node_modules/.package-lock.json'))) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, 'bench/runtimes/package.json'), join(folder, 'package.json'));
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  await npm('Bun and Node 20 for the benchmark', ['install', ...flags], { cwd: folder });
}

const installed = (path) => {
  const file = join(folder, 'node_modules', path);
  return existsSync(file) ? file : undefined;
};

function node20() {
  return process.versions.node.startsWith('20.')
    ? process.execPath
    : installed(`node20-${process.platform}-${process.arch}/bin/node`);
}

function bun() {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return find('bun') ?? installed(`@oven/bun-${process.platform}-${arch}/bin/bun`);
}

/** Every runtime: its name, and a function that starts it, or why it cannot. Node 24 comes first: the others are compared to it. */
export function findHosts(script, pageFolder) {
  const host = (name, binary, ...flags) => ({
    name,
    start: binary && ((threads) => startProcess(binary, [...flags, script, String(threads)])),
  });
  return [
    host('Node 24', nodeBinary24()),
    host('Node 20, relaxed SIMD by flag', node20(), RELAXED),
    host('Node 20', node20()),
    host('Deno', denoBinary(), 'run', '--allow-read', '--allow-env'),
    host('Bun', bun()),
    {
      name: 'Chromium, page',
      start: chromiumBinary() && ((threads) => startPage(pageFolder, threads)),
    },
  ];
}

/** A process that answers every line with one line of JSON. */
async function startProcess(binary, args) {
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`bench runtimes: ${binary} ended before it answered`);
    return JSON.parse(value);
  };
  return {
    facts: await answer(),
    round: () => {
      child.stdin.write('round\n');
      return answer();
    },
    end: async () => void child.stdin.end('end\n'),
  };
}

/** A cross-origin isolated page of a headless browser. */
async function startPage(pageFolder, threads) {
  const server = await serve({ folder: pageFolder });
  const browser = await chromium.launch({
    executablePath: chromiumBinary(),
    args: chromiumFlags,
  });
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction('globalThis.prepare');
  const facts = await page.evaluate(`prepare(${threads})`);
  return {
    facts: { ...facts, runtime: `chromium ${browser.version()}` },
    round: () => page.evaluate('round()'),
    end: async () => {
      await browser.close();
      await server.close();
    },
  };
}
