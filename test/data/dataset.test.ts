import { describe, expect, it } from 'vitest';
import { imageDataset, type ImageDatasetFields } from '../../ts/data/dataset.ts';
import { slice, subset } from '../../ts/data/subset.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { errorOf, randomDataset } from './generated.ts';

const fields: ImageDatasetFields = {
  name: 'dots',
  images: Uint8Array.of(0, 10, 255, 10, 0, 10, 255, 10),
  labels: Int32Array.of(0, 1),
  height: 1,
  width: 2,
  channels: 2,
  classes: ['even', 'odd'],
};

describe('imageDataset', () => {
  it('measures mean and deviation by channel', () => {
    const { count, mean, std } = imageDataset(fields);
    expect(count).toBe(2);
    expect(mean).toEqual([0.5, 10 / 255]);
    expect(std).toEqual([0.5, 1]);
  });

  it('keeps the mean and deviation it is given', () => {
    const { mean, std } = imageDataset({ ...fields, mean: [0.1, 0.2], std: [0.3, 0.4] });
    expect([mean, std]).toEqual([
      [0.1, 0.2],
      [0.3, 0.4],
    ]);
  });

  it.each([
    [{ height: 0 }, 'dots: height: is 0 but must be a positive integer'],
    [{ width: 1.5 }, 'dots: width: is 1.5 but must be a positive integer'],
    [{ labels: new Uint8Array(0) }, 'dots: labels: 0 labels but at least 1 is needed'],
    [
      { images: new Uint8Array(7) },
      'dots: images: 7 bytes but 2 labels and images of 1 × 2 × 2 make 8',
    ],
    [{ labels: Int32Array.of(0, 2) }, 'dots: label 1: is 2 but there are 2 classes (0 to 1)'],
    [{ labels: Int32Array.of(-1, 0) }, 'dots: label 0: is -1 but there are 2 classes (0 to 1)'],
    [
      { classes: ['even', '\x1b[2Jodd'] },
      'dots: class 1: has control characters but must be plain text',
    ],
    [{ name: 'a\nb' }, 'a\\x0ab: name: has control characters but must be plain text'],
    [{ mean: [0], std: [1, 1] }, 'dots: mean: 1 values but images have 2 channels'],
    [{ mean: [0, 0], std: [1, 0] }, 'dots: std: channel 1 has 0 but must be positive'],
    [{ mean: [0, 0], std: [NaN, 1] }, 'dots: std: channel 0 has NaN but must be positive'],
  ])('refuses %j', (change, message) => {
    const error = errorOf(() => imageDataset({ ...fields, ...change }));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(message);
  });
});

describe('subset and slice', () => {
  const dataset = randomDataset(10, 2, 3, 2);
  const sample = (index: number) => dataset.images.slice(index * 12, (index + 1) * 12);

  it('picks samples in the order asked for', () => {
    const picked = subset(dataset, [7, 0, 7]);
    expect(picked.count).toBe(3);
    expect([...picked.labels]).toEqual([1, 0, 1]);
    expect(picked.images).toEqual(Uint8Array.from([...sample(7), ...sample(0), ...sample(7)]));
    expect(picked.mean).toEqual(dataset.mean);
  });

  it('takes a run of samples without copying', () => {
    const run = slice(dataset, 4, 3);
    expect(run.count).toBe(3);
    expect(run.images.buffer).toBe(dataset.images.buffer);
    expect(run.images.slice(0, 12)).toEqual(sample(4));
    expect(slice(dataset, 8, 100).count).toBe(2);
  });

  it.each([
    [() => subset(dataset, [10]), 'random: subset: index 10 but there are 10 samples'],
    [() => subset(dataset, [-1]), 'random: subset: index -1 but there are 10 samples'],
    [() => slice(dataset, 0, 0), 'random: slice: count is 0 but must be a positive integer'],
    [() => slice(dataset, 10, 1), 'random: slice: start is 10 but there are 10 samples'],
  ])('refuses what is not there', (act, message) => {
    expect(errorOf(act).message).toBe(message);
  });
});
