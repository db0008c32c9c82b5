import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { imageDataset, type ImageDataset } from '../../ts/data/dataset.ts';
import { DataLoader } from '../../ts/data/loader.ts';
import { subset } from '../../ts/data/subset.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { resnet18, resnet8, googlenet } from '../../ts/models/index.ts';
import type { Classifier } from '../../ts/models/index.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import type { FitOptions } from '../../ts/train/fitOptions.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { expectSameBits } from '../helpers/close.ts';
import { randomBytes } from '../data/generated.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

function noise(name: string, count: number, classes: number, side = 8): ImageDataset {
  return imageDataset({
    name,
    images: randomBytes(count * side * side),
    labels: Uint8Array.from({ length: count }, (_, i) => i % classes),
    height: side,
    width: side,
    channels: 1,
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    mean: [0.5],
    std: [0.3],
  });
}

const ten = noise('ten', 20, 10);
const twelve = noise('twelve', 24, 12);

function trainerOf(model: Classifier, warnings: string[] = []): Trainer {
  const optimizer = new SGD(model.parameters(), { lr: 0.05 });
  return new Trainer(model, { optimizer, warn: (message) => warnings.push(message) });
}
const newTrainer = (warnings?: string[]): Trainer =>
  trainerOf(resnet8({ inChannels: 1, seed: 1 }), warnings);

const stateOf = ({ model }: Trainer): (Float32Array | Int32Array)[] =>
  [...model.stateDict().values()].map((tensor) => tensor.data());

/** Asserts that a fit is refused before its first step. */
async function expectRefused(
  trainer: Trainer,
  data: ImageDataset,
  options: Partial<FitOptions>,
  message: string | RegExp,
): Promise<void> {
  const onStep = vi.fn();
  const before = stateOf(trainer);
  const fit = trainer.fit(data, { epochs: 2, batchSize: 8, onStep, ...options });
  await expect(fit).rejects.toThrow(message);
  expect(onStep).not.toHaveBeenCalled();
  expectSameBits(stateOf(trainer), before, 'weights and statistics');
}

describe('more classes in the data than in the network', () => {
  const message =
    'twelve has 12 classes but the network tells 10 apart: image 10 is of class 10 (class 10)';

  it('are refused before the first step, in training, validation and evaluation', async () => {
    await expectRefused(newTrainer(), twelve, {}, `fit: ${message}`);
    await expectRefused(newTrainer(), ten, { validation: twelve }, `validation: ${message}`);
    await expect(newTrainer().evaluate(twelve)).rejects.toThrow(`evaluate: ${message}`);
    await expect(newTrainer().evaluate(twelve)).rejects.toThrow(RangeError);
  });

  it('are said where no picture is of one of them', async () => {
    const warnings: string[] = [];
    const trainer = newTrainer(warnings);
    const some = subset(
      twelve,
      Array.from({ length: 10 }, (_, i) => i),
    );
    const { epochs } = await trainer.fit(some, { epochs: 1, batchSize: 5 });
    expect(Number.isFinite(epochs[0]!.loss)).toBe(true);
    expect(warnings).toEqual([
      'residua: fit: twelve has 12 classes but the network tells 10 apart',
    ]);
  });

  it('are refused by single steps, with nothing moved', async () => {
    const trainer = newTrainer();
    const batch = goldenImages('labels', [4, 1, 8, 8]);
    batch.labels[2] = 10;
    const before = stateOf(trainer);
    for (const label of [0.5, '1', NaN, -1]) {
      const labels = [0, 1, label, 3] as unknown as Int32Array;
      await expect(trainer.trainStep({ ...batch, labels })).rejects.toThrow(
        `step 0: label 2 of the batch is ${label === '1' ? '"1"' : label} but the network`,
      );
    }
    await expect(trainer.trainStep(batch)).rejects.toThrow(
      'step 0: label 2 of the batch is 10 but the network tells 10 classes apart (0 to 9)',
    );
    expectSameBits(stateOf(trainer), before, 'weights and statistics');
  });
});

describe('validation data that cannot be measured', () => {
  it('are refused before the first step', async () => {
    const empty = subset(ten, []);
    await expectRefused(newTrainer(), ten, { validation: empty }, 'ten: labels: 0 labels but at');
    await expect(newTrainer().evaluate(empty)).rejects.toThrow(
      'ten: labels: 0 labels but at least 1',
    );
    const colours = imageDataset({
      ...ten,
      channels: 3,
      height: 4,
      width: 8,
      labels: new Uint8Array(13),
      images: new Uint8Array(13 * 96),
      mean: [0, 0, 0],
      std: [1, 1, 1],
    });
    await expectRefused(
      newTrainer(),
      ten,
      { validation: colours },
      /validation: ten: images have 3 channels|3 channels but weight expects 1/,
    );
  });
});

describe('a last batch that batch norm cannot take', () => {
  /** On maps of one pixel in its last stage. */
  const small = (): Trainer =>
    trainerOf(resnet18({ inChannels: 1, numClasses: 10, stem: 'imagenet' }));
  const images = noise('odd', 9, 3, 32);

  it('is known before the first step', async () => {
    await expectRefused(
      small(),
      images,
      { batchSize: 4 },
      /^fit: the last batch of an epoch has 1 image: layer4\.0\.bn1: batchNorm: .* input \[1, 1, 1, 512\] has 1: take another batch size, or leave it out \(dropLast, --drop-last\)$/,
    );
    await expectRefused(small(), images, { batchSize: 4, accumulate: 2 }, /^fit: the last batch/);
  });

  it('is left out by dropLast', async () => {
    const trainer = small();
    const seen: number[] = [];
    const { epochs, steps } = await trainer.fit(images, {
      epochs: 2,
      batchSize: 4,
      dropLast: true,
      onStep: ({ images: count }) => void seen.push(count),
    });
    expect([epochs.length, steps, seen]).toEqual([2, 4, [4, 4, 4, 4]]);
  });

  it('is left out of groups, too', async () => {
    const seen: number[] = [];
    const reports = await newTrainer().fit(noise('odd', 23, 3), {
      epochs: 1,
      batchSize: 4,
      accumulate: 2,
      dropLast: true,
      onStep: ({ images: count, steps }) => void seen.push(count, steps),
    });
    // Five whole batches: two groups of two, and one of one.
    expect(seen).toEqual([8, 3, 8, 3, 4, 3]);
    expect(reports.steps).toBe(3);
  });

  it('does not matter where every map has pixels enough, or nobody trains', async () => {
    await newTrainer().fit(noise('odd', 9, 3), { epochs: 1, batchSize: 4 });
    const model = resnet18({ inChannels: 1, numClasses: 10, stem: 'imagenet' });
    model.freeze();
    await trainerOf(model).fit(images, { epochs: 1, batchSize: 4 });
    expect((await trainerOf(model).evaluate(images, { batchSize: 4 })).images).toBe(9);
  });

  it('says so of a single picture as the network does', async () => {
    const one = noise('one', 1, 1, 32);
    await expectRefused(small(), one, {}, /^layer4\.0\.bn1: batchNorm: expected more than 1 value/);
  });

  it('is looked for in auxiliary heads', async () => {
    const model = googlenet({ stem: 'cifar', inChannels: 1, seed: 1 });
    await trainerOf(model).fit(noise('odd', 3, 3, 32), { epochs: 1, batchSize: 2 });
  });
});

describe('data that are put together by hand', () => {
  const fields = { ...noise('hand', 6, 3) };

  it('may have labels and pixels as plain arrays', async () => {
    const plain = imageDataset({
      ...fields,
      images: [...fields.images],
      labels: [...fields.labels],
    });
    expect(plain.images).toEqual(fields.images);
    expect(plain.labels).toEqual(Int32Array.from(fields.labels));
    const clamped = imageDataset({ ...fields, images: new Uint8ClampedArray(fields.images) });
    expect(clamped.images).toEqual(fields.images);
    const wide = imageDataset({ ...fields, labels: BigInt64Array.from([0n, 1n, 2n, 0n, 1n, 2n]) });
    expect(wide.labels).toEqual(plain.labels);
    const byHand = { ...fields, labels: [...fields.labels] } as unknown as ImageDataset;
    const losses = new Set<number>();
    for (const data of [fields, plain, byHand]) {
      const { epochs } = await newTrainer().fit(data, { epochs: 1, batchSize: 3 });
      losses.add(epochs[0]!.loss);
    }
    expect(losses.size).toBe(1);
  });

  it.each([
    [
      { labels: [0, 1, 2, 0.5, 1, 2] },
      'hand: label 3: is 0.5 but must be a whole number, the index of a class',
    ],
    [
      { labels: ['0', '1', '2', '0', '1', '2'] },
      'hand: label 0: is "0" but must be a whole number',
    ],
    [{ labels: [0, 1, 2, NaN, 1, 2] }, 'hand: label 3: is NaN but must be'],
    [{ labels: [0, 1, 2, -1, 1, 2] }, 'hand: label 3: is -1 but there are 3 classes (0 to 2)'],
    [{ labels: [0n, 3n, 0n, 0n, 0n, 0n] }, 'hand: label 1: is 3 but there are 3 classes (0 to 2)'],
    [
      { images: new Float32Array(384) },
      'hand: images: are Float32Array but pixels must be whole numbers from 0 to 255, as bytes',
    ],
    [{ images: new Float64Array(384) }, 'hand: images: are Float64Array but'],
    [{ images: Array<number>(384).fill(0.5) }, 'hand: images: value 0 is 0.5 but pixels'],
    [{ images: Array<number>(384).fill(256) }, 'hand: images: value 0 is 256 but pixels'],
    [{ mean: [NaN] }, 'hand: mean: channel 0 has NaN but must be a number'],
    [{ std: [Infinity] }, 'hand: std: channel 0 has Infinity but must be positive'],
  ])('are refused with what is none: %#', (wrong, message) => {
    const data = { ...fields, ...wrong } as unknown as ImageDataset;
    expect(() => imageDataset(data)).toThrow(FormatError);
    expect(() => imageDataset(data)).toThrow(message);
    // Without imageDataset they are looked at before the first batch.
    expect(() => new DataLoader(data, { batchSize: 2 })).toThrow(message);
  });

  it('must have as many labels as they say', () => {
    expect(() => new DataLoader({ ...fields, count: 5 }, { batchSize: 2 })).toThrow(
      'hand: labels: 6 labels but count is 5',
    );
  });

  it('are refused by networks for other images, before the first step', async () => {
    await expectRefused(trainerOf(resnet8()), ten, {}, 'has 1 channels but weight expects 3');
  });
});
