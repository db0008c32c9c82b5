import { cpSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../demo/server.mjs';
import { copyAssets } from '../../scripts/setup/bundle.mjs';
import { localCache, root } from '../../scripts/setup/paths.mjs';
import * as residua from '../../ts/index.ts';
import { strictTraining } from '../portable/strictTraining.mjs';
import { needsChromium, openBrowser, openPage } from './chromium.ts';
import type { api } from './fixture/page.ts';

const folder = join(localCache, 'browser-fixture');
const two = Math.min(2, availableParallelism());

let browser: Browser | undefined;
let inNode: Awaited<ReturnType<typeof strictTraining>>;

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/browser/fixture/page.ts', 'test/browser/fixture/worker.ts'],
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'warning',
  });
  cpSync(join(root, 'test/browser/fixture/index.html'), join(folder, 'index.html'));
  cpSync(join(root, 'demo/icon.svg'), join(folder, 'icon.svg'));
  copyAssets(join(folder, 'assets'));
  browser = await openBrowser();
  inNode = await strictTraining(residua);
});
afterAll(() => browser?.close());
beforeEach(needsChromium);

/** Runs one of the fixture's functions in the page. */
function call<K extends keyof typeof api>(
  page: Page,
  name: K,
  threads: number,
): ReturnType<(typeof api)[K]> {
  return page.evaluate(`api.${name}(${threads})`) as ReturnType<(typeof api)[K]>;
}

const same = ({ losses, weights, logits }: typeof inNode) => ({ losses, weights, logits });

describe.each([true, false])('the library in a page, isolated: %s', (isolated) => {
  let server: Awaited<ReturnType<typeof serve>>;
  let page: Page;
  let problems: string[];
  const threads = isolated ? two : 1;
  const suffix = threads > 1 ? '-threads' : '';

  beforeAll(async () => {
    server = await serve({ folder, isolated });
    if (browser) ({ page, problems } = await openPage(browser, server.url));
  });
  afterAll(async () => {
    await page?.close();
    await server.close();
  });

  it('runs eager ops and plans on the main thread', async () => {
    const facts = await call(page, 'onMainThread', threads);
    expect(facts).toMatchObject({ eager: [0, 2], threads });
    for (const value of facts.planned) expect(value).toBeCloseTo(2, 3);
    expect(facts.build).toBe(`relaxed${suffix}`);
    expect(facts.whileRunning).toEqual([0, 4]);
    if (threads > 1) expect(facts.turns).toBeGreaterThan(0);
  });

  it('runs what is asked for at once in that order, also when it is disposed then', async () => {
    const [alone, together, disposed] = await call(page, 'asked', threads);
    expect(together).toEqual(alone);
    expect(disposed).toEqual(alone);
  });

  it("trains on the main thread with Node's bits in strict numerics", async () => {
    const result = await call(page, 'trainOnMainThread', threads);
    expect(same(result)).toEqual(same(inNode));
    expect(result).toMatchObject({ threads, build: `simd${suffix}` });
  });

  it("trains in a worker with Node's bits in strict numerics", async () => {
    const result = await call(page, 'inWorker', threads);
    expect(same(result)).toEqual(same(inNode));
    expect(result).toMatchObject({ threads, build: `simd${suffix}` });
  });

  it('leaves no errors in the console', () => {
    expect(problems).toEqual([]);
  });

  if (isolated) {
    it.each([
      ['the leader', 0],
      ['a helper', 1],
    ])('a worker that is terminated rejects its run and the next: %s', async (_, index) => {
      const [running, waiting, later, read] = await call(page, 'workerEnds', index);
      expect([running, waiting, later]).toEqual(
        Array.from({ length: 3 }, () => expect.stringMatching(/a worker ended: it was terminated/)),
      );
      expect(read).toBe(String(9 * 64 * 64));
    });

    return;
  }
  it('says once that threads cannot be had', async () => {
    expect(await call(page, 'onMainThread', two + 1)).toMatchObject({ threads: 1 });
    const said = problems.splice(0).filter((line) => line.includes('threads asked for'));
    expect(said.at(-1)).toContain('cross-origin isolated');
  });
});
