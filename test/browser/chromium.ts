import { chromium, type Browser, type Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import { chromiumBinary, chromiumFlags } from '../../scripts/runtimes.mjs';

/** For beforeEach: skips, with the reason, where no browser is installed. */
export function needsChromium({ skip }: TestContext): void {
  skip(!chromiumBinary(), 'no Chromium here: `node scripts/setup.mjs --for test` says why');
}

/** A headless browser with a profile of its own; undefined where none is installed. */
export async function openBrowser(): Promise<Browser | undefined> {
  const executablePath = chromiumBinary();
  return executablePath ? chromium.launch({ executablePath, args: chromiumFlags }) : undefined;
}

/** A page at `url`, and a list that gathers its console's errors and warnings and what it threw. */
export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage(options);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(url);
  return { page, problems };
}
