/** Starts processes in turn and tells how long each took to its first result; run.mjs bundles and starts it. */
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { init } from '../../ts/core/init.ts';
import { modelName } from '../../ts/models/modelName.ts';
import { contendersOf } from '../peers/contender.ts';
import { findPython } from '../peers/findPython.ts';
import { folder, launcher, note } from '../peers/launcher.ts';
import { findPeers } from '../peers/peers.ts';
import { prepare, type Format } from '../peers/prepare.ts';
import type { Workload } from '../peers/workload.ts';
import { parseSimds } from '../simd.ts';
import { compareStarts } from './compareStarts.ts';
import { formatStarts } from './formatStarts.ts';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: 'resnet18,resnet50' },
    threads: { type: 'string', default: '1' },
    simd: { type: 'string', default: 'auto' },
    vs: { type: 'string', default: 'litert,onnxruntime-node' },
    rounds: { type: 'string', default: '7' },
    stamp: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const rounds = Number(values.rounds);
  if (!(Number.isSafeInteger(rounds) && rounds > 0)) {
    throw new RangeError(
      `bench: --rounds is "${values.rounds}" but must be a whole number above 0`,
    );
  }
  const peers = values.vs === '' ? [] : findPeers(values.vs, 'infer');
  const formats = [...new Set(peers.flatMap(({ format }) => format ?? []))].sort() as Format[];
  const cache = join(folder, '../../.cache/peers');
  const python = findPython();
  const launch = launcher();
  const contenders = contendersOf({
    peers,
    simds: parseSimds(values.simd),
    pythons: [python],
    checkouts: [],
    noise: false,
  });
  const engine = await init({ threads: 1, simd: 128 });
  const workloads = values.models.split(',').map((written): Workload => {
    const model = modelName(written);
    if (model === undefined) throw new RangeError(`bench: there is no model "${written}"`);
    const images = { size: 224, channels: 3, batch: 1, numerics: 'fast' } as const;
    return { pass: 'infer', model, ...images, threads: Number(values.threads) };
  });
  const place = {
    python,
    packages: join(cache, 'python'),
    script: join(folder, 'formats/ort_artifacts.py'),
  };
  const files = [];
  for (const workload of workloads) {
    files.push((await prepare(workload, formats, cache, values.stamp, place, note)).files);
  }
  engine.close();
  const all = [];
  for (const [index, workload] of workloads.entries()) {
    const job = { ...workload, files: files[index]! };
    const rows = await compareStarts(job, contenders, rounds, launch);
    all.push(...rows);
    if (!values.json) process.stdout.write(`${formatStarts(rows)}\n\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify(all, null, 1)}\n`);
}

try {
  await main();
} catch (error) {
  note((error as Error).message);
  process.exitCode = error instanceof RangeError ? 2 : 1;
}
