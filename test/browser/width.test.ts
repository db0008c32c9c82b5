import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../demo/server.mjs';
import { chromiumFlags, wideChromiumBinary } from '../../scripts/runtimes.mjs';
import { copyAssets } from '../../scripts/setup/bundle.mjs';
import { localCache, root } from '../../scripts/setup/paths.mjs';
import * as residua from '../../ts/index.ts';
import { HAS_AVX2 } from '../helpers/pairs.ts';
import { strictTraining } from '../portable/strictTraining.mjs';
import { openPage } from './chromium.ts';
import type { api, Facts } from './fixture/page.ts';

const folder = join(localCache, 'browser-width');
const executablePath = wideChromiumBinary();
/** A machine that has no time for the question answers no. */
const PAGES = 5;

let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/browser/fixture/page.ts', 'test/browser/fixture/worker.ts'],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'warning',
  });
  cpSync(join(root, 'test/browser/fixture/index.html'), join(folder, 'index.html'));
  cpSync(join(root, 'demo/icon.svg'), join(folder, 'icon.svg'));
  copyAssets(join(folder, 'assets'));
  server = await serve({ folder, isolated: false });
});
afterAll(() => server.close());

interface Seen {
  readonly facts: Facts;
  readonly trained: Awaited<ReturnType<typeof strictTraining>>;
  /** Files that the page asked for. */
  readonly files: readonly string[];
  readonly problems: readonly string[];
}

/** What a page with one thread computes and asks for, in a Chromium with these switches. */
async function visit(...switches: string[]): Promise<Seen> {
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags, ...switches] });
  try {
    const { page, problems } = await openPage(browser, server.url);
    const files: string[] = [];
    page.on('request', (request) => files.push(request.url().split('/').at(-1)!));
    const call = <K extends keyof typeof api>(name: K) =>
      page.evaluate(`api.${name}(1)`) as ReturnType<(typeof api)[K]>;
    const facts = await call('onMainThread');
    return { facts, trained: await call('trainOnMainThread'), files, problems };
  } finally {
    await browser.close();
  }
}

/** The page imports every op: each engine fetches its build, then the kernels outside the zoo. */
const withExtra = (extra: string, ...builds: string[]) => builds.flatMap((build) => [build, extra]);

describe("a page in a Chromium that is built as Chrome is (npm's @sparticuz/chromium)", () => {
  it('fetches the wide build where vectors are paired, with the same bits', async ({ skip }) => {
    skip(!executablePath, 'no such Chromium here: `node scripts/setup.mjs --for test` says why');
    skip(!HAS_AVX2, 'a processor without operations on 256 bits');
    let seen: Seen;
    let pages = 0;
    do seen = await visit('--js-flags=--experimental-wasm-revectorize');
    while (++pages < PAGES && !(seen.facts.simd === 256 && seen.trained.build === 'simd-256'));
    expect(seen.facts).toMatchObject({ simd: 256, build: 'relaxed-256', eager: [0, 2] });
    for (const value of seen.facts.planned) expect(value).toBeCloseTo(2, 3);
    expect(seen.files).toEqual(withExtra('extra-256.wasm', 'relaxed-256.wasm', 'simd-256.wasm'));
    const { losses, weights, logits } = await strictTraining(residua);
    expect(seen.trained).toMatchObject({ build: 'simd-256', losses, weights, logits });
    expect(seen.problems).toEqual([]);
  });

  it('asks for not a byte of it where they are not', async ({ skip }) => {
    skip(!executablePath, 'no such Chromium here: `node scripts/setup.mjs --for test` says why');
    const { facts, trained, files, problems } = await visit();
    expect(facts).toMatchObject({ simd: 128, build: 'relaxed', eager: [0, 2] });
    expect(trained.build).toBe('simd');
    expect(files).toEqual(withExtra('extra.wasm', 'relaxed.wasm', 'simd.wasm'));
    expect(problems).toEqual([]);
  });
});
