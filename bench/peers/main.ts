/** The comparison itself; run.mjs sets up what it needs and starts it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { init } from '../../ts/current.ts';
import { compare, type Launch } from './compare.ts';
import { findPython } from './findPython.ts';
import { formatRows } from './formatRows.ts';
import { parseOptions } from './options.ts';
import { prepare, type Format } from './prepare.ts';
import type { PeerRow } from './row.ts';

const folder = fileURLToPath(new URL('../', import.meta.url));
const bundle = fileURLToPath(new URL('./', import.meta.url));

const note = (text: string): void => void process.stderr.write(`residua: ${text}\n`);

function launcher(python: string): Launch {
  return {
    note,
    command: ({ name, language }, job) => {
      const settings = JSON.stringify(job);
      return language === 'python'
        ? [python, join(folder, 'runtimes/torch_peer.py'), settings]
        : [process.execPath, ...process.execArgv, join(bundle, 'peer.js'), name, settings];
    },
    version: ({ package: name }) => {
      const manifest = join(folder, 'node_modules', name ?? '', 'package.json');
      if (!name || !existsSync(manifest)) return undefined;
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
    },
  };
}

async function main(): Promise<void> {
  const { workloads, peers, rounds, visitMs, json, save, stamp, prepareOnly } = parseOptions(
    process.argv.slice(2),
  );
  const formats = [...new Set(peers.flatMap(({ format }) => format ?? []))].sort() as Format[];
  const cache = join(folder, '../../.cache/peers');
  const python = findPython();
  const place = {
    python,
    packages: join(cache, 'python'),
    script: join(folder, 'formats/ort_artifacts.py'),
  };
  const engine = await init({ threads: 1 });
  const prepared = [];
  for (const workload of workloads) {
    prepared.push(await prepare(workload, formats, cache, stamp, place, note));
  }
  engine.close();
  if (prepareOnly) return;
  const launch = launcher(python);
  const rows: PeerRow[] = [];
  for (const [index, workload] of workloads.entries()) {
    const made = await compare(workload, prepared[index]!, peers, { rounds, visitMs }, launch);
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
