import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readFile } from '../../io/node/readFile.ts';
import type { Split } from '../catalog.ts';
import { cifarDataset } from '../cifar.ts';
import type { ImageDataset } from '../dataset.ts';
import type { NamedBytes } from '../idx.ts';

const FILES = {
  cifar10: {
    folder: 'cifar-10-batches-bin',
    train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
    test: ['test_batch.bin'],
  },
  cifar100: { folder: 'cifar-100-binary', train: ['train.bin'], test: ['test.bin'] },
};

/**
 * CIFAR-10 or CIFAR-100, 50,000 training or 10,000 test images of 32 × 32 × 3, from the folder of its binary version
 * or the folder that holds that one.
 *
 * @throws {FormatError} for a file that is not what it claims
 * @throws {Error} without a directory, or for a file that cannot be read
 */
export async function loadCifar(
  name: 'cifar10' | 'cifar100',
  split: Split,
  directory?: string,
): Promise<ImageDataset> {
  const { folder, [split]: names } = FILES[name];
  if (directory === undefined) {
    throw new Error(
      `data: ${name}: no directory given: unpack the binary version (${folder}) and name its folder`,
    );
  }
  const inner = join(directory, folder);
  const place = existsSync(inner) ? inner : directory;
  const files: NamedBytes[] = [];
  for (const file of names) {
    files.push({ file: join(place, file), bytes: await readFile(join(place, file)) });
  }
  return cifarDataset(name, files);
}
