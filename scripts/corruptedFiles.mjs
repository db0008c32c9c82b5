// Damages files of every format that is read and reads them: each must be taken, or refused by one error of ours, in bounded time
// and memory. Seeds are drawn for each run and printed; `--seed` and `--only` make one file again.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { formats } from './corrupted/formats.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string' },
    format: { type: 'string', multiple: true },
    only: { type: 'string' },
  },
});

/** A file that takes longer hangs; thousands of times what any takes. */
const MOST_SECONDS = 60;
/** Memory that a file may take above what is there before the first. */
const MOST_BYTES = 512 * 2 ** 20;
const WATCH_MS = 5;

const seed = values.seed ?? String(randomInt(2 ** 32));
const chosen = values.format ?? Object.keys(formats);
const [first, end] =
  values.only === undefined
    ? [0, Number(values.count)]
    : [Number(values.only), Number(values.only) + 1];

/** Reads the files of one format; resolves to what was found. */
async function run(format) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const faults = [];
  let taken = 0;
  const data = { format, seed, first, end, progress };
  const worker = new Worker(new URL('./corrupted/worker.mjs', import.meta.url), {
    workerData: data,
  });
  let done = false;
  worker.on('message', (message) => {
    if ('taken' in message) taken = message.taken;
    else faults.push(message);
  });
  const ended = new Promise((resolve) => {
    worker.on('error', (error) =>
      faults.push({ index: progress[0] - 1, words: `ends by ${error.stack}` }),
    );
    worker.on('exit', () => resolve((done = true)));
  });
  let [at, since, base, peak] = [0, performance.now(), 0, 0];
  while (!done) {
    await Promise.race([sleep(WATCH_MS), ended]);
    const now = Atomics.load(progress, 0);
    if (now !== at) [at, since] = [now, performance.now()];
    const bytes = process.memoryUsage.rss();
    if (now <= first + 100) base = Math.max(base, bytes);
    else peak = Math.max(peak, bytes - base);
    const isLate = now > 0 && performance.now() - since > 1000 * MOST_SECONDS;
    if (isLate || peak > MOST_BYTES) {
      const words = isLate
        ? `takes more than ${MOST_SECONDS} s`
        : `takes ${Math.round(peak / 2 ** 20)} MiB`;
      faults.push({ index: now - 1, words });
      await worker.terminate();
    }
  }
  return { taken, faults, peak };
}

process.stdout.write(`seed ${seed}, ${end - first} files each\n`);
let failed = 0;
for (const format of chosen) {
  const start = performance.now();
  const { taken, faults, peak } = await run(format);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const facts = `${taken} taken, ${end - first - taken} refused, ${seconds} s, ${Math.round(peak / 2 ** 20)} MiB more`;
  process.stdout.write(`${format}: ${facts}, ${faults.length} faults\n`);
  for (const { index, words } of faults.slice(0, 5)) {
    process.stdout.write(`  --seed ${seed} --format ${format} --only ${index}: ${words}\n`);
  }
  failed += faults.length;
}
process.exitCode = failed === 0 ? 0 : 1;
