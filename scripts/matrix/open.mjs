// Opens pages in Chromium, and in Firefox, which tells the server what came of it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { chromiumBinary, chromiumFlags } from '../runtimes.mjs';
import { find } from '../setup/run.mjs';

const MOST_MILLISECONDS = 120_000;

let browser;

/** What a page left, and the errors and warnings of its console. */
export async function openInChromium(url) {
  browser ??= chromium.launch({ executablePath: chromiumBinary(), args: chromiumFlags });
  const page = await (await browser).newPage();
  const problems = [];
  page.on('console', (message) => {
    const counts = ['error', 'warning'].includes(message.type());
    if (counts && !message.location().url.endsWith('/favicon.ico')) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
  try {
    await page.goto(url, { timeout: MOST_MILLISECONDS });
    const end = Date.now() + MOST_MILLISECONDS;
    // Playwright's own waiting evaluates text, which a page's policy may forbid.
    for (; Date.now() < end; await sleep(50)) {
      // A dev server may load a page again.
      const outcome = await page.evaluate('globalThis.outcome').catch(() => undefined);
      if (outcome) return { outcome, problems };
    }
    throw new Error('the page left nothing');
  } catch (error) {
    return { outcome: { error: `${error.message}\n${problems.join('\n')}` }, problems };
  } finally {
    await page.close();
  }
}

/** What a server answers, which is the outcome as JSON, or else the error. */
export async function readOutcome(url) {
  const response = await fetch(url);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { outcome: isJson ? JSON.parse(text) : { error: text.slice(0, 2000) }, problems: [] };
}

export async function closeChromium() {
  await (await browser)?.close();
}

/** Path of Firefox, or undefined. */
export const firefoxBinary = () => find('firefox-esr') ?? find('firefox');

/** What a page told the server; `told` is called with a listener. */
export async function openInFirefox(url, told) {
  const profile = mkdtempSync(join(tmpdir(), 'residua-firefox-'));
  const args = ['--headless', '--no-remote', '--profile', profile, `${url}?tell`];
  const child = spawn(firefoxBinary(), args, { stdio: 'ignore', detached: true });
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('Firefox told nothing')), MOST_MILLISECONDS);
    });
    return { outcome: await Promise.race([new Promise(told), late]), problems: [] };
  } finally {
    clearTimeout(timer);
    const gone = new Promise((resolve) => child.once('close', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await gone;
    rmSync(profile, { recursive: true, force: true });
  }
}
