import process from 'node:process';
import type { DownloadProgress } from '../../data/node/download.ts';
import { megabytes, percent } from './format.ts';
import { say } from './say.ts';

const LINE_EVERY_MS = 2000;
let shownAt = 0;

/** Shows how far a download has come: in place at a terminal, else by lines now and then. */
export function showDownload({ url, receivedBytes, totalBytes }: DownloadProgress): void {
  const live = process.stderr.isTTY;
  const done = receivedBytes === totalBytes;
  const now = performance.now();
  if (!done && now - shownAt < (live ? 100 : LINE_EVERY_MS)) return;
  shownAt = now;
  const share = totalBytes ? ` (${percent(receivedBytes / totalBytes, 0)})` : '';
  const text = `downloading ${url.split('/').at(-1)}: ${megabytes(receivedBytes)}${share}`;
  if (!live) return say(text);
  process.stderr.write(`\r\x1b[2Kresidua: ${text}${done ? '\n' : ''}`);
}
