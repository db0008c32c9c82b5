import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { inferenceCase, trainingCase, type ModelCase } from '../../ts/inspect/modelCases.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { models } from '../../ts/models/registry.ts';

/** Networks that a cycle compiles, runs and disposes: name, side of the images, batch. */
const INFERENCE = [
  ['resnet18', 96, 1],
  ['densenet121', 64, 2],
  ['resnet50', 64, 1],
  ['preact_resnet18', 64, 3],
  ['googlenet', 96, 1],
  ['resnext50_32x4d', 64, 1],
] as const;
const TRAINING = [
  ['resnet20', 32, 32],
  ['resnet20', 28, 17],
  ['densenet_bc40', 32, 8],
  ['resnet18', 64, 4],
] as const;
/** Runs of each plan. */
const RUNS = 3;

function caseOf([name, size, batch]: readonly [string, number, number]): ModelCase {
  const create: ModelCase['create'] = (options) =>
    models[name]!({ ...options, ...(size <= 32 && { stem: 'cifar' }) });
  return { name, create, size, batch, inChannels: 3 };
}

/** Makes, runs and disposes every network once, uses eager tensors that nobody disposes, and opens another engine. */
export async function runCycle(engine: Engine): Promise<void> {
  const cases = [
    ...INFERENCE.map((sizes) => () => inferenceCase(engine, caseOf(sizes))),
    ...TRAINING.map((sizes) => () => trainingCase(engine, caseOf(sizes))),
  ];
  for (const make of cases) {
    const item = make();
    for (let run = 0; run < RUNS; run++) await item.run();
    item.dispose();
  }
  useEngine(engine);
  for (let i = 0; i < 50; i++) tensor(new Float32Array(4096).fill(i), [64, 64]);
  const other = await createEngine({ threads: engine.threads, simd: engine.simd });
  const item = inferenceCase(other, caseOf(['resnet20', 32, 1]));
  await item.run();
  item.dispose();
  other.close();
}
