/** The comparison itself; run.mjs sets up what it needs and starts it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { init } from '../../ts/core/init.ts';
import { compare } from './compare.ts';
import { contendersOf } from './contender.ts';
import { findPython } from './findPython.ts';
import { formatRows } from './formatRows.ts';
import { checkoutProgram, folder, launcher, note } from './launcher.ts';
import { parseOptions } from './options.ts';
import { prepare, type Format } from './prepare.ts';
import type { PeerRow } from './row.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const { workloads, peers, simds, noise, rounds, visitMs, json, save, stamp, prepareOnly } =
    options;
  const formats = [...new Set(peers.flatMap(({ format }) => format ?? []))].sort() as Format[];
  const cache = join(folder, '../../.cache/peers');
  const python = findPython();
  const contenders = contendersOf({
    peers,
    simds,
    noise,
    pythons: options.pythons.length > 0 ? options.pythons : [python],
    checkouts: options.checkouts.map(({ version, wide }, index) => ({
      version,
      wide,
      program: checkoutProgram(index),
    })),
  });
  const place = {
    python,
    packages: join(cache, 'python'),
    script: join(folder, 'formats/ort_artifacts.py'),
  };
  const engine = await init({ threads: 1, simd: 128 });
  const prepared = [];
  for (const workload of workloads) {
    prepared.push(await prepare(workload, formats, cache, stamp, place, note));
  }
  engine.close();
  if (prepareOnly) return;
  const launch = launcher();
  const rows: PeerRow[] = [];
  for (const [index, workload] of workloads.entries()) {
    const times = { rounds, visitMs };
    const made = await compare(workload, prepared[index]!, contenders, times, launch);
    rows.push(...made);
    if (save !== undefined) writeFileSync(save, `${JSON.stringify(rows, null, 1)}\n`);
    if (!json) process.stdout.write(`${formatRows(made)}\n\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
}

try {
  await main();
} catch (error) {
  note((error as Error).message);
  process.exitCode = error instanceof RangeError ? 2 : 1;
}
