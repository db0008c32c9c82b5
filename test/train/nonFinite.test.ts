import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { ImageDataset } from '../../ts/data/dataset.ts';
import { DataLoader, type Batch } from '../../ts/data/loader.ts';
import { NonFiniteError } from '../../ts/base/errors.ts';
import { relu } from '../../ts/functions/relu.ts';
import { saveWeights } from '../../ts/io/weights.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { densenet_bc40, resnet8, type Classifier } from '../../ts/models/index.ts';
import { BatchNorm2d, Conv2d, Dropout, Flatten, Linear, Sequential } from '../../ts/nn/index.ts';
import type { Module } from '../../ts/nn/index.ts';
import { dropoutState } from '../../ts/nn/seed.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { checkpointTensors } from '../../ts/train/checkpoint.ts';
import { saveCheckpoint } from '../../ts/train/node/checkpointFile.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { randomDataset } from '../data/generated.ts';
import { expectSameBits } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

const batchOf = (index: number, channels = 3): Batch =>
  goldenImages(`nonFinite.${index}`, [4, channels, 8, 8]);

const stateOf = ({ model, optimizer }: Trainer): (Float32Array | Int32Array)[] =>
  [...model.stateDict().values(), ...optimizer.state().values(), dropoutState()].map((tensor) =>
    tensor.data(),
  );

function trainerOf(model: Module, lr = 0.01): Trainer {
  return new Trainer(model, { optimizer: new SGD(model.parameters(), { lr, momentum: 0.9 }) });
}

const dropping = (): Module =>
  new Sequential(
    new Conv2d(3, 4, { kernelSize: 3 }),
    new BatchNorm2d(4),
    new Dropout(0.3),
    new Flatten(),
    new Linear(6 * 6 * 4, 10),
  );

/** Leaves NaN wherever plans put what they compute, as earlier runs may. */
async function poison(engine: Engine): Promise<void> {
  const size = 1 << 22;
  using plan = compile((x) => relu(x), [{ shape: [size], dtype: 'f32' }], { engine });
  await plan.run(new Float32Array(size).fill(NaN));
}

describe.each(engines)('a value that is not finite, on $build', (engine) => {
  beforeEach(() => useEngine(engine));

  it.each([
    ['resnet8', (): Module => resnet8({ seed: 1 })],
    ['a net with dropout', dropping],
  ])('leaves %s as the last good step left it', async (name, make) => {
    const trainer = trainerOf(make());
    await trainer.trainStep(batchOf(0));
    const good = stateOf(trainer);
    const bad = batchOf(1);
    bad.images[5] = NaN;
    await expect(trainer.trainStep(bad)).rejects.toThrow('step 1: input: NaN at element 5');
    expectSameBits(stateOf(trainer), good, 'weights, statistics, moments, dropout');
    const [first] = trainer.model.parameters().values();
    const values = first!.data();
    first!.write(Float32Array.from(values, (value) => (value > 0 ? 3e38 : -3e38)));
    await expect(trainer.trainStep(batchOf(1))).rejects.toThrow(NonFiniteError);
    first!.write(values);
    expectSameBits(stateOf(trainer), good, 'weights, statistics, moments, dropout');
    // What follows is as if nothing had happened.
    const { loss } = await trainer.trainStep(batchOf(1));
    if (name === 'resnet8') {
      const other = trainerOf(make());
      await other.trainStep(batchOf(0));
      expect((await other.trainStep(batchOf(1))).loss).toBe(loss);
    }
    expect(trainer.step).toBe(2);
  });

  it('in a later batch of a group leaves what was there before its first', async () => {
    const order = { batchSize: 4, shuffle: true, seed: 1 };
    const plain = randomDataset(12, 8, 8, 3);
    const batches: number[][] = [];
    for await (const { indices } of new DataLoader(plain, order)) batches.push([...indices]);
    // One picture of the second batch is not black, and by this deviation beyond all floats.
    const images = new Uint8Array(plain.images.length);
    images[192 * batches[1]![2]!] = 255;
    const data: ImageDataset = {
      ...plain,
      images,
      mean: [0, 0, 0],
      std: [1e-39, 1, 1],
      measured: [],
    };
    const trainer = trainerOf(resnet8({ numClasses: 3, seed: 1 }));
    const before = stateOf(trainer);
    const fit = trainer.fit(data, { batchSize: 4, accumulate: 3, epochs: 1, seed: 1 });
    await expect(fit).rejects.toThrow('step 0: input: Infinity at element 384 of [4, 8, 8, 3]');
    expectSameBits(stateOf(trainer), before, 'weights, statistics, moments');
  });

  it('is told of the op that made it, whatever lay in memory before', async () => {
    const nets: [Classifier, string, RegExp][] = [
      [resnet8({ seed: 1 }), 'fc.weight', /^step 0: fc: linear .* made -?(Infinity|NaN)/],
      [densenet_bc40({ seed: 1 }), 'classifier.weight', /^step 0: classifier: linear .* made/],
      [
        densenet_bc40({ seed: 1 }),
        'features.denseblock1.denselayer3.conv2.weight',
        /^step 0: features\.denseblock1\.denselayer3\.conv2: conv2d/,
      ],
    ];
    for (const [model, name, message] of nets) {
      const trainer = trainerOf(model);
      const weight = model.stateDict().get(name)!;
      weight.write(weight.data().map((_, i) => (i % 2 ? 3e38 : -3e38)));
      await poison(engine);
      trainer.plan(batchOf(0).shape);
      await poison(engine);
      await expect(trainer.trainStep(batchOf(0)), name).rejects.toThrow(message);
    }
  });

  it('that an update made ends the epoch', async () => {
    const data = randomDataset(8, 8, 8, 3);
    const model = resnet8({ numClasses: 3, seed: 1 });
    const optimizer = new SGD(model.parameters(), { lr: 1e30, weightDecay: 1e30 });
    const trainer = new Trainer(model, { optimizer });
    const epochs: unknown[] = [];
    await expect(
      trainer.fit(data, {
        epochs: 1,
        batchSize: 8,
        onEpoch: (report) => void epochs.push(report),
      }),
    ).rejects.toThrow(/^step 0: its update made .*: -?(Infinity|NaN) at element \d+ of \[/);
    expect(epochs).toEqual([]);
  });
});

describe('what is not finite', () => {
  const info = {
    model: 'resnet8',
    modelOptions: {},
    data: { ...randomDataset(3, 8, 8, 3) },
    seed: 1,
    settings: {},
  };

  it('is not saved over a good checkpoint', async () => {
    useEngine(engines[0]!);
    const folder = mkdtempSync(join(tmpdir(), 'residua-nonfinite-'));
    const path = join(folder, 'a.safetensors');
    try {
      const model = resnet8({ seed: 1 });
      const trainer = new Trainer(model, { optimizer: new AdamW(model.parameters()) });
      await saveCheckpoint(path, trainer, info);
      const good = readFileSync(path);
      const moment = trainer.optimizer.state().get('fc.bias.v')!;
      moment.write(moment.data().fill(Infinity));
      await expect(saveCheckpoint(path, trainer, info)).rejects.toThrow(
        'checkpoint: optimizer.fc.bias.v: Infinity at element 0 of [10] but what is saved must be finite',
      );
      model.fc.bias!.write(new Float32Array(10).fill(NaN));
      expect(() => checkpointTensors(trainer, info)).toThrow(NonFiniteError);
      expect(() => saveWeights(model)).toThrow(
        'save: fc.bias: has NaN at element 0 but what is saved must be finite to be loaded',
      );
      expect(readFileSync(path)).toEqual(good);
      expect(readdirSync(folder)).toEqual(['a.safetensors']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
