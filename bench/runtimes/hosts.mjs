// Where the benchmark of runtimes finds them, and how each is run and asked for a round.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { serve } from '../../demo/server.mjs';
import {
  chromiumBinary,
  chromiumFlags,
  denoBinary,
  nodeBinary24,
  nodeBinary26,
} from '../../scripts/runtimes.mjs';
import { npm } from '../../scripts/setup/packages.mjs';
import { root, sharedCache } from '../../scripts/setup/paths.mjs';
import { find } from '../../scripts/setup/run.mjs';
import { setUpRuntimes } from '../../scripts/setup/testTools.mjs';
import { nodeFlags } from '../nodeFlags.mjs';

const folder = join(sharedCache, 'bench-runtimes');
const manifest = join(root, 'bench/runtimes/package.json');

/** Whether the folder was made from this manifest. */
function installedHosts() {
  const copy = join(folder, 'package.json');
  return (
    existsSync(join(folder, 'node_modules/.package-lock.json')) &&
    readFileSync(copy, 'utf8') === readFileSync(manifest, 'utf8')
  );
}

/** Installs the runtimes of the tests, and those that no other part of the project needs: Bun, Node 20 and 22. */
export async function installHosts() {
  await setUpRuntimes();
  if (installedHosts()) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(manifest, join(folder, 'package.json'));
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  await npm('Bun, Node 20 and Node 22 for the benchmark', ['install', ...flags], { cwd: folder });
}

const installed = (path) => {
  const file = join(folder, 'node_modules', path);
  return existsSync(file) ? file : undefined;
};

const olderNode = (major) =>
  process.versions.node.startsWith(`${major}.`)
    ? process.execPath
    : installed(`node${major}-${process.platform}-${process.arch}/bin/node`);

function bun() {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return find('bun') ?? installed(`@oven/bun-${process.platform}-${arch}/bin/bun`);
}

const widthOf = (simd) => (simd === 'auto' ? simd : Number(simd));

/**
 * Every runtime: its name, and a function that starts it, or undefined where it is not here. Node 26 comes first: the others
 * are compared to it. Those whose engine may pair vectors stand there once for each width of `simds`, the others once.
 */
export function findHosts(script, pageFolder, simds) {
  const only = simds.length === 1 ? simds[0] : 'auto';
  const host = (name, binary, simd, ...flags) => ({
    name,
    start:
      binary && ((threads) => startProcess(binary, [...flags, script, `${threads}`, `${simd}`])),
  });
  const node = (major, binary, simd) => {
    const name = simds.length > 1 ? `Node ${major}, ${simd} bits` : `Node ${major}`;
    return host(name, binary, simd, ...nodeFlags(`${major}.0.0`, widthOf(simd)));
  };
  const widest = [...simds].reverse();
  return [
    ...widest.map((simd) => node(26, nodeBinary26(), simd)),
    ...widest.map((simd) => node(24, nodeBinary24(), simd)),
    host('Node 22', olderNode(22), only, ...nodeFlags('22.0.0', widthOf(only))),
    host(
      'Node 20, relaxed SIMD by flag',
      olderNode(20),
      only,
      ...nodeFlags('20.0.0', widthOf(only)),
    ),
    host('Node 20', olderNode(20), only),
    host('Deno', denoBinary(), only, 'run', '--allow-read', '--allow-env'),
    host('Bun', bun(), only),
    {
      name: 'Chromium, page',
      start: chromiumBinary() && ((threads) => startPage(pageFolder, threads, only)),
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
async function startPage(pageFolder, threads, simd) {
  const server = await serve({ folder: pageFolder });
  const browser = await chromium.launch({
    executablePath: chromiumBinary(),
    args: chromiumFlags,
  });
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction('globalThis.prepare');
  const facts = await page.evaluate(`prepare(${threads}, ${JSON.stringify(widthOf(simd))})`);
  return {
    facts: { ...facts, runtime: `chromium ${browser.version()}` },
    round: () => page.evaluate('round()'),
    end: async () => {
      await browser.close();
      await server.close();
    },
  };
}
