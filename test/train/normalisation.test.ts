import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { imageDataset, type ImageDataset } from '../../ts/data/dataset.ts';
import { DataLoader } from '../../ts/data/loader.ts';
import { normalise } from '../../ts/data/normalise.ts';
import { slice } from '../../ts/data/subset.ts';
import { parseSafetensors, serializeSafetensors } from '../../ts/io/safetensors.ts';
import { resnet8 } from '../../ts/models/index.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import {
  checkpointTensors,
  modelOfCheckpoint,
  restoreCheckpoint,
  restoreWeights,
} from '../../ts/train/checkpoint.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { Random } from '../helpers/random.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const random = new Random('dark or light');
const SIZE = 64;

/** Pictures of 8² about as bright as `levels` says by turns; class 0 is dark, class 1 light. */
function pictures(
  count: number,
  levels: readonly number[],
  statistics: Partial<Pick<ImageDataset, 'mean' | 'std'>> = {},
): ImageDataset {
  const level = (i: number): number => levels[i % levels.length]!;
  return imageDataset({
    name: levels.length > 1 ? 'mixed' : 'light',
    images: Uint8Array.from(
      { length: count * SIZE },
      (_, i) => level(Math.floor(i / SIZE)) + random.int(-20, 20),
    ),
    labels: Uint8Array.from({ length: count }, (_, i) => Number(level(i) > 127)),
    height: 8,
    width: 8,
    channels: 1,
    classes: ['dark', 'light'],
    ...statistics,
  });
}

const training = pictures(256, [70, 180]);
const light = pictures(64, [180]);

function newTrainer(warnings: string[] = []): Trainer {
  const model = resnet8({ inChannels: 1, numClasses: 2, seed: 1 });
  const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  return new Trainer(model, { optimizer, warn: (message) => warnings.push(message) });
}

async function trained(warnings?: string[]): Promise<Trainer> {
  const trainer = newTrainer(warnings);
  await trainer.fit(training, { epochs: 3, batchSize: 32 });
  return trainer;
}

const info = {
  model: 'resnet8',
  modelOptions: { inChannels: 1, numClasses: 2 },
  data: { ...light, mean: light.mean, std: light.std },
  seed: 1,
  settings: {},
};

describe('mean and deviation of the training data', () => {
  it('belong to the network: new pictures without their own are read with them', async () => {
    const warnings: string[] = [];
    const trainer = await trained(warnings);
    const { mean, std } = training;
    expect(trainer.model.normalisation).toEqual({ mean, std });
    expect((await trainer.evaluate(training)).accuracy).toBe(1);
    expect((await trainer.evaluate(light)).accuracy).toBe(1);
    expect((await trainer.evaluate(slice(light, 3, 20))).accuracy).toBe(1);
    const { epochs } = await trainer.fit(training, {
      epochs: 1,
      batchSize: 32,
      validation: light,
    });
    expect(epochs[0]!.validation).toMatchObject({ accuracy: 1, images: 64 });
    expect(warnings).toEqual([]);
  });

  it('are the bits of images that were normalised with them', async () => {
    const trainer = await trained();
    const { mean, std } = training;
    const told = { ...light, mean, std, measured: [] };
    expect(await trainer.evaluate(light)).toEqual(await trainer.evaluate(told));
    const predictor = new Predictor(trainer.model);
    const shape = [64, 8, 8, 1];
    const expected = await predictor.logits(normalise(light.images, training), shape);
    expect(await predictor.logits(light.images, shape)).toEqual(expected);
    const clamped = new Uint8ClampedArray(light.images);
    expect(await predictor.logits(clamped, shape)).toEqual(expected);
  });

  it('make way for those that a data set was given, with a warning, said once', async () => {
    const warnings: string[] = [];
    const trainer = await trained(warnings);
    const own = pictures(64, [180], { mean: [180 / 255], std: [0.05] });
    const { accuracy } = await trainer.evaluate(own);
    await trainer.evaluate(own);
    expect(accuracy).toBeLessThan(0.5);
    const list = `mean [${training.mean[0]}] and std [${training.std[0]}]`;
    expect(warnings).toEqual([
      `residua: evaluate: light: its mean [${180 / 255}] and std [0.05] are used, not ${list} of the network's training data`,
    ]);
    expect(trainer.model.normalisation!.mean).toEqual(training.mean);
    await trainer.fit(own, { epochs: 1, batchSize: 32 });
    expect(trainer.model.normalisation).toEqual({ mean: own.mean, std: own.std });
    expect(warnings[1]).toContain('fit: light: its mean');
  });

  it('make way one by one', async () => {
    const trainer = await trained();
    const half = pictures(64, [180], { mean: training.mean });
    expect(half.measured).toEqual(['std']);
    const told = { ...half, std: training.std, measured: [] };
    expect(await trainer.evaluate(half)).toEqual(await trainer.evaluate(told));
  });

  it('are noted by single steps, too', async () => {
    const trainer = newTrainer();
    for await (const batch of new DataLoader(training, { batchSize: 32 })) {
      await trainer.trainStep(batch);
    }
    expect(trainer.model.normalisation).toEqual({ mean: training.mean, std: training.std });
  });

  it('are in checkpoints, whatever data they are said to be of', async () => {
    const trainer = await trained();
    const { tensors, metadata } = checkpointTensors(trainer, info);
    const contents = parseSafetensors(serializeSafetensors(tensors, metadata), 'a');
    const { mean, std } = training;
    const made = modelOfCheckpoint(contents, 'a');
    expect(made.normalisation).toEqual({ mean, std });
    const model = resnet8({ inChannels: 1, numClasses: 2 });
    restoreWeights(model, contents, 'a');
    expect(model.normalisation).toEqual({ mean, std });
    const resumed = newTrainer();
    expect(restoreCheckpoint(resumed, contents, 'a').normalisation).toEqual({ mean, std });
    expect(resumed.model.normalisation).toEqual({ mean, std });
    // Those of 0.1.0 say it of their data alone.
    const old = { ...(JSON.parse(metadata['residua']!) as object), normalisation: undefined };
    const early = { ...contents, metadata: { residua: JSON.stringify(old) } };
    expect(modelOfCheckpoint(early, 'a').normalisation!.mean).toEqual(light.mean);
    expect((await resumed.evaluate(light)).accuracy).toBe(1);
  });

  it('are said to be unknown where they are', async () => {
    const warnings: string[] = [];
    const trainer = newTrainer(warnings);
    await trainer.evaluate(light);
    await trainer.evaluate(light);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('evaluate: light: mean and std of its own images are used');
    const predictor = new Predictor(trainer.model);
    await expect(predictor.logits(light.images, [64, 8, 8, 1])).rejects.toThrow(
      'predict: pixels are given as bytes but the network does not say what it was trained with',
    );
  });

  it('must fit the images', async () => {
    const trainer = newTrainer();
    trainer.model.normalisation = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
    await expect(trainer.evaluate(light)).rejects.toThrow(
      "evaluate: light: images have 1 channels but the network's mean has 3",
    );
    const predictor = new Predictor(trainer.model);
    await expect(predictor.logits(light.images, [64, 8, 8, 1])).rejects.toThrow(
      "predict: images [64, 8, 8, 1] have 1 channels but the network's mean has 3",
    );
  });
});
