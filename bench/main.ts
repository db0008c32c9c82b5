/**
 * `npm run bench -- [suite …] [--json] [--threads 1,2] [--numerics fast] [--simd auto] [--rounds 7]`, suites gemm, conv, depthwise,
 * infer, train; or a program of its own: choose, endurance, forgotten; peers, runtimes, startup and endurance-page are started by bench/bench.mjs.
 */
import { parseArgs } from 'node:util';
import { createEngine } from '../ts/kernels/createEngine.ts';
import type { Engine } from '../ts/kernels/engine.ts';
import { runBench, type BenchCase } from '../ts/inspect/benchCase.ts';
import { formatBench, type BenchRow } from '../ts/inspect/benchRow.ts';
import { inferenceCase, trainingCase } from '../ts/inspect/modelCases.ts';
import { models } from '../ts/models/registry.ts';
import { withDepthwise } from '../ts/ops/conv2d/withDepthwise.ts';
import { choose } from './choose/main.ts';
import { convCases } from './convLayer.ts';
import { forgotten } from './endurance/forgotten.ts';
import { endurance } from './endurance/main.ts';
import { gemmCases } from './gemm.ts';
import { efficientnetB0 } from './shapes/efficientnetB0.ts';
import { mobilenetV2 } from './shapes/mobilenetV2.ts';
import { resnet18 } from './shapes/resnet18.ts';
import { resnet20 } from './shapes/resnet20.ts';
import { parseSimd } from './simd.ts';

const suites: Readonly<Record<string, (engine: Engine) => BenchCase[]>> = {
  gemm: gemmCases,
  conv: (engine) => [
    ...resnet20.flatMap((layer) => convCases(engine, 'resnet20', layer, 128)),
    ...resnet18.flatMap((layer) => convCases(engine, 'resnet18', layer, 1)),
  ],
  depthwise: withDepthwise((engine: Engine) => [
    ...mobilenetV2.flatMap((layer) => convCases(engine, 'mobilenetV2', layer, 1)),
    ...efficientnetB0.flatMap((layer) => convCases(engine, 'efficientnetB0', layer, 1)),
  ]),
  infer: (engine) => [
    inferenceCase(engine, {
      name: 'resnet20',
      create: models.resnet20!,
      size: 32,
      batch: 1,
      inChannels: 3,
    }),
    inferenceCase(engine, {
      name: 'resnet20',
      create: models.resnet20!,
      size: 28,
      batch: 128,
      inChannels: 1,
    }),
  ],
  train: (engine) => [
    trainingCase(engine, {
      name: 'resnet20',
      create: models.resnet20!,
      size: 28,
      batch: 128,
      inChannels: 1,
    }),
    trainingCase(engine, {
      name: 'resnet20',
      create: models.resnet20!,
      size: 32,
      batch: 128,
      inChannels: 3,
    }),
    trainingCase(engine, {
      name: 'resnet20',
      create: models.resnet20!,
      size: 32,
      batch: 32,
      inChannels: 3,
    }),
  ],
};

/** Programs of their own. */
const programs: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  choose,
  endurance,
  forgotten,
};

async function main(): Promise<void> {
  const [first = '', ...rest] = process.argv.slice(2);
  const program = programs[first];
  if (program) return program(rest);
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      threads: { type: 'string', default: '1,2' },
      numerics: { type: 'string', default: 'fast' },
      simd: { type: 'string', default: 'auto' },
      rounds: { type: 'string', default: '7' },
    },
  });
  const unknown = positionals.find((name) => !(name in suites));
  if (unknown)
    throw new RangeError(
      `bench: there is no suite ${unknown}: take ${Object.keys(suites).join(', ')}`,
    );
  const { numerics } = values;
  if (numerics !== 'fast' && numerics !== 'strict') {
    throw new RangeError(`bench: --numerics is "${numerics}" but must be fast or strict`);
  }
  const simd = parseSimd(values.simd);
  const rows: BenchRow[] = [];
  for (const threads of values.threads.split(',').map(Number)) {
    const engine = await createEngine({ threads, numerics, simd });
    for (const name of positionals.length > 0 ? positionals : Object.keys(suites)) {
      process.stderr.write(`${name}, ${threads} thread${threads > 1 ? 's' : ''} …\n`);
      const made = await runBench(suites[name]!(engine), { rounds: Number(values.rounds) });
      rows.push(...made);
      if (!values.json) process.stdout.write(`${formatBench(made)}\n\n`);
    }
    engine.close();
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`residua: ${error.message}\n`);
  process.exitCode = 2;
}
