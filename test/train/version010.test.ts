import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { loadDataset } from '../../ts/data/node/datasets.ts';
import { parseSafetensors } from '../../ts/io/safetensors.ts';
import { BatchNorm2d } from '../../ts/nn/batchNorm2d.ts';
import { Conv2d } from '../../ts/nn/conv2d.ts';
import { Dropout } from '../../ts/nn/dropout.ts';
import { Flatten } from '../../ts/nn/flatten.ts';
import { Linear } from '../../ts/nn/linear.ts';
import { ReLU } from '../../ts/nn/relu.ts';
import { manualSeed } from '../../ts/nn/seed.ts';
import { Sequential } from '../../ts/nn/sequential.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import { cosineSchedule } from '../../ts/optim/schedule.ts';
import { checkpointFacts, restoreCheckpoint, restoreWeights } from '../../ts/train/checkpoint.ts';
import { loadCheckpoint } from '../../ts/train/node/checkpointFile.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { readGoldenJson } from '../golden/readGolden.ts';
import { expectClose } from '../helpers/close.ts';

interface Evaluated {
  readonly loss: number;
  readonly accuracy: number;
}

interface Expected {
  readonly own: {
    readonly evaluation: Evaluated;
    readonly step: number;
    readonly losses: readonly number[];
    readonly after: Evaluated;
  };
}

const { own: expected } = readGoldenJson<Expected>('version010/expected.json');
const path = fileURLToPath(new URL('../golden/version010/own.safetensors', import.meta.url));

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

/** The network of scripts/goldens/version_010.mjs, whose dropout and AdamW have state of their own. */
function makeTrainer(seed: number): Trainer {
  manualSeed(seed);
  const model = new Sequential({
    conv: new Conv2d(1, 6, { kernelSize: 3, padding: 1, stride: 4, bias: false }),
    bn: new BatchNorm2d(6),
    relu: new ReLU(),
    dropout: new Dropout(0.25),
    flatten: new Flatten(),
    fc: new Linear(294, 10, { flattened: [7, 7, 6] }),
  });
  model.name();
  const optimizer = new AdamW(model.parameters());
  return new Trainer(model, { optimizer, schedule: cosineSchedule(0.01) });
}

describe('a checkpoint that version 0.1.0 wrote', () => {
  it('says what it is', async () => {
    const { images, labels, count, ...data } = await loadDataset('mnist', { limit: 1 });
    expect([images.length, labels.length, count]).toEqual([784, 1, 1]);
    const facts = checkpointFacts(parseSafetensors(readFileSync(path), path), path);
    expect(facts).toMatchObject({
      step: expected.step,
      model: 'own',
      modelOptions: {},
      data: { name: 'mnist', height: 28, width: 28, channels: 1, classes: data.classes },
      seed: 1,
      settings: { note: 'kept' },
    });
  });

  it('gives its weights to a network', async () => {
    const test = await loadDataset('mnist', { split: 'test', limit: 100 });
    const trainer = makeTrainer(9);
    restoreWeights(trainer.model, await loadCheckpoint(path), path);
    const { loss, accuracy } = await trainer.evaluate(test);
    expectClose([loss], [expected.evaluation.loss], 1e-5, 'loss');
    expect(accuracy).toBe(expected.evaluation.accuracy);
  });

  it('is trained on, with moments and the state of dropout', async () => {
    const train = await loadDataset('mnist', { split: 'train', limit: 256 });
    const test = await loadDataset('mnist', { split: 'test', limit: 100 });
    const trainer = makeTrainer(9);
    restoreCheckpoint(trainer, await loadCheckpoint(path), path);
    expect(trainer.step).toBe(expected.step);
    const losses: number[] = [];
    await trainer.fit(train, {
      until: 2,
      batchSize: 32,
      seed: 1,
      augment: { crop: 1 },
      onStep: ({ loss }) => {
        losses.push(loss);
      },
    });
    expectClose(losses, expected.losses, 1e-4, 'losses');
    const { loss } = await trainer.evaluate(test);
    expectClose([loss], [expected.after.loss], 1e-4, 'loss after');
  });
});
