import { describe, expect, it } from 'vitest';
import { DATASETS } from '../../ts/data/catalog.ts';
import { cifarDataset } from '../../ts/data/cifar.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { errorOf, randomBytes } from './generated.ts';

/** Records of labels followed by three planes of 32 × 32 bytes. */
function records(labels: readonly (readonly number[])[], seed = 1): Uint8Array {
  const size = labels[0]!.length + 3072;
  const bytes = randomBytes(labels.length * size, seed);
  labels.forEach((label, index) => bytes.set(label, index * size));
  return bytes;
}

describe('cifarDataset', () => {
  it('reads CIFAR-10 from several files, channels last', () => {
    const files = [records([[3], [9]]), records([[0]], 2)];
    const dataset = cifarDataset(
      'cifar10',
      files.map((bytes, index) => ({ file: `data_batch_${index + 1}.bin`, bytes })),
    );
    expect(dataset).toMatchObject({ count: 3, height: 32, width: 32, channels: 3 });
    expect([...dataset.labels]).toEqual([3, 9, 0]);
    const at = (sample: number, y: number, x: number, channel: number) =>
      dataset.images[((sample * 32 + y) * 32 + x) * 3 + channel];
    expect(at(0, 0, 0, 0)).toBe(files[0]![1]);
    expect(at(1, 5, 7, 2)).toBe(files[0]![3073 + 1 + 2 * 1024 + 5 * 32 + 7]);
    expect(at(2, 31, 31, 1)).toBe(files[1]![1 + 1024 + 1023]);
  });

  it('reads the fine labels of CIFAR-100', () => {
    const bytes = records([
      [4, 30],
      [19, 99],
    ]);
    const dataset = cifarDataset('cifar100', [{ file: 'train.bin', bytes }]);
    expect([...dataset.labels]).toEqual([30, 99]);
    expect(dataset.images[0]).toBe(bytes[2]);
    expect(dataset.classes[30]).toBe('dolphin');
  });

  it.each([
    [
      'cifar10' as const,
      new Uint8Array(3072),
      'a.bin: length: 3072 bytes but cifar10 has records of 3073 bytes',
    ],
    [
      'cifar10' as const,
      new Uint8Array(0),
      'a.bin: length: 0 bytes but cifar10 has records of 3073 bytes',
    ],
    [
      'cifar100' as const,
      records([[1]]),
      'a.bin: length: 3073 bytes but cifar100 has records of 3074 bytes',
    ],
    [
      'cifar10' as const,
      records([[1], [10]]),
      'a.bin: label 1: is 10 but there are 10 classes (0 to 9)',
    ],
  ])('refuses a bad file of %s', (name, bytes, message) => {
    const error = errorOf(() => cifarDataset(name, [{ file: 'a.bin', bytes }]));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(message);
  });

  it('knows a hundred different classes', () => {
    expect(new Set(DATASETS.cifar100.classes).size).toBe(100);
  });
});
