// `npm run bench -- endurance-page [--minutes 5] [--threads 2]`: a page of headless Chromium that trains all the time; fails when memory grew after the warm-up.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { serve } from '../../demo/server.mjs';
import { chromiumBinary, chromiumFlags } from '../../scripts/runtimes.mjs';
import { say } from '../../scripts/setup/run.mjs';
import { bundlePage } from '../bundlePage.mjs';

/** Share of the time in which memory may still grow. */
const WARM_UP = 0.1;
const LOOKS = 20;
const HEAD = ['minute', 'steps', 'WASM MB', 'held MB', 'JS heap MB', 'RSS MB'];

/** Resolves to the exit code. */
export async function benchEndurancePage(args) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '5' },
      threads: { type: 'string', default: '2' },
    },
  });
  const milliseconds = Number(values.minutes) * 60_000;
  const server = await serve({
    folder: await bundlePage('bench/endurance/training.ts', 'endurance-page'),
  });
  const browser = await chromium.launch({ executablePath: chromiumBinary(), args: chromiumFlags });
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    print([
      await page.evaluate(`train(${Number(values.threads)})`),
      `Chromium ${browser.version()}`,
    ]);
    print(HEAD);
    const look = await looker(browser, page);
    const uses = [];
    const start = performance.now();
    for (let i = 1; i <= LOOKS; i++) {
      await sleep(start + (milliseconds * i) / LOOKS - performance.now());
      const { steps, ...use } = await look();
      if (i > WARM_UP * LOOKS) uses.push(use);
      const minutes = (performance.now() - start) / 60_000;
      const megabytes = [use.wasm, use.used, use.heap, use.rss].map((bytes) =>
        (bytes / 1e6).toFixed(2),
      );
      print([minutes.toFixed(1), `${steps}`, ...megabytes]);
    }
    const growth = await page.evaluate(`findGrowth(${JSON.stringify(uses)})`);
    for (const line of growth) say(`endurance-page: ${line}`);
    if (growth.length === 0) print(['no growth after the warm-up']);
    return growth.length > 0 ? 1 : 0;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** A function that collects garbage and measures: the page's heap, WASM memory, and the resident set of its process, workers included. */
async function looker(browser, page) {
  const session = await page.context().newCDPSession(page);
  const { processInfo } = await (
    await browser.newBrowserCDPSession()
  ).send('SystemInfo.getProcessInfo');
  const ids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  return async () => {
    for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const resident = execFileSync('ps', ['-o', 'rss=', '-p', ids.join(',')], { encoding: 'utf8' });
    const kilobytes = resident
      .trim()
      .split(/\s+/)
      .reduce((sum, value) => sum + Number(value), 0);
    return { ...(await page.evaluate('progress()')), heap: usedSize, rss: kilobytes * 1024 };
  };
}

function print(cells) {
  process.stdout.write(`${cells.map((cell) => cell.padStart(10)).join('  ')}\n`);
}
