// `npm run bench -- runtimes [--threads 1,2] [--simd auto] [--rounds 7] [--json]`: the same code in every runtime, in turns.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { dist, root } from '../../scripts/setup/paths.mjs';
import { say } from '../../scripts/setup/run.mjs';
import { bundlePage } from '../bundlePage.mjs';
import { findHosts, installHosts } from './hosts.mjs';

const WIDTHS = ['auto', '128', '256'];
const CASES = { inference: 'ResNet-18, 224²', training: 'ResNet-20 step, 32 × 32²' };

/** Times both cases in every runtime that is here and prints each as a ratio to Node 26; resolves to the exit code. */
export async function benchRuntimes(args) {
  const { values } = parseArgs({
    args,
    options: {
      threads: { type: 'string', default: '1,2' },
      simd: { type: 'string', default: 'auto' },
      rounds: { type: 'string', default: '7' },
      json: { type: 'boolean', default: false },
    },
  });
  const simds = values.simd.split(',');
  const unknown = simds.find((simd) => !WIDTHS.includes(simd));
  if (unknown !== undefined) {
    say(`bench: --simd is "${unknown}" but must be ${WIDTHS.join(', ')} or several of them`);
    return 2;
  }
  await installHosts().catch((error) => say(`${error.message}\nresidua: going on without them`));
  const page = await bundlePage('bench/runtimes/page.ts', 'bench-page');
  const hosts = findHosts(await bundleProcess(), page, simds);
  const results = [];
  for (const threads of values.threads.split(',').map(Number)) {
    results.push(...(await compare(hosts, threads, Number(values.rounds))));
  }
  process.stdout.write(`${values.json ? JSON.stringify(results, null, 1) : describe(results)}\n`);
  return 0;
}

/** Starts all runtimes, visits them in turns, and ends them; a first round warms up. */
async function compare(hosts, threads, rounds) {
  const running = [];
  for (const { name, start } of hosts) {
    if (!start) say(`${name}: not here`);
    else running.push({ name, times: [], ...(await start(threads)) });
  }
  for (let round = -1; round < rounds; round++) {
    for (const host of running) {
      const times = await host.round();
      if (round >= 0) host.times.push(times);
    }
  }
  for (const host of running) await host.end();
  const [reference] = running;
  return running.map(({ name, facts, times }) => ({
    name,
    ...facts,
    cases: Object.keys(CASES).map((key) => ({
      case: CASES[key],
      medianMs: median(times.map((round) => round[key])),
      ratio: median(times.map((round, i) => round[key] / reference.times[i][key])),
    })),
  }));
}

function describe(results) {
  const head = [
    'runtime',
    'version',
    'build',
    'bits',
    ...Object.values(CASES).flatMap((c) => [c, '×']),
  ];
  const rows = results.map(({ name, runtime, build, simd, cases }) => [
    ...[name, runtime.replace(/^\w+ /, ''), build, `${simd}`],
    ...cases.flatMap(({ medianMs, ratio }) => [`${medianMs.toFixed(1)} ms`, ratio.toFixed(2)]),
  ]);
  const widths = head.map((title, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const pad = (cell, i) => (i < 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  const table = [head, ...rows].map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
  return `${table}\n×: time by that of ${results[0].name} with as many threads, median of the rounds' ratios`;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Beside the WASM builds in dist/. */
async function bundleProcess() {
  const outfile = join(dist, 'bench-runtime.js');
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/runtimes/process.ts'],
    outfile,
    platform: 'node',
    bundle: true,
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  return outfile;
}
