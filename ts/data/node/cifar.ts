import { join } from 'node:path';
import { readFile } from '../../io/node/readFile.ts';
import type { Split } from '../catalog.ts';
import { cifarDataset } from '../cifar.ts';
import type { ImageDataset } from '../dataset.ts';
import type { NamedBytes } from '../idx.ts';
import { isFile } from './isFile.ts';
import { nothingFound } from './nothingFound.ts';

/** Files of a version of a data set, and the folder that its archive unpacks to. */
interface Version {
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
}

const BATCHES = [1, 2, 3, 4, 5];

const BINARY: Readonly<Record<'cifar10' | 'cifar100', Version>> = {
  cifar10: {
    folder: 'cifar-10-batches-bin',
    train: BATCHES.map((batch) => `data_batch_${batch}.bin`),
    test: ['test_batch.bin'],
  },
  cifar100: { folder: 'cifar-100-binary', train: ['train.bin'], test: ['test.bin'] },
};

const PYTHON: Readonly<Record<'cifar10' | 'cifar100', Version>> = {
  cifar10: {
    folder: 'cifar-10-batches-py',
    train: BATCHES.map((batch) => `data_batch_${batch}`),
    test: ['test_batch'],
  },
  cifar100: { folder: 'cifar-100-python', train: ['train'], test: ['test'] },
};

/**
 * CIFAR-10 or CIFAR-100, 50,000 training or 10,000 test images of 32 × 32 × 3, from the folder of its binary or its Python
 * version, or the folder that holds that one.
 *
 * @throws {FormatError} for a file that is not what it claims
 * @throws {Error} without a directory, or for a file that cannot be read
 */
export async function loadCifar(
  name: 'cifar10' | 'cifar100',
  split: Split,
  directory?: string,
): Promise<ImageDataset> {
  const { folder } = BINARY[name];
  if (directory === undefined) {
    throw new Error(
      `data: ${name}: no directory given: unpack the binary version (${folder}) and name its folder`,
    );
  }
  const binary = placeOf(BINARY[name], directory);
  if (binary !== undefined) return cifarDataset(name, await readAll(binary, BINARY[name][split]));
  const python = placeOf(PYTHON[name], directory);
  if (python === undefined) {
    const [first] = BINARY[name][split];
    throw nothingFound(directory, `neither ${first} nor ${PYTHON[name][split][0]} is there`);
  }
  const { cifarRecords } = await import('./cifarPython.ts');
  const files = await readAll(python, PYTHON[name][split]);
  return cifarDataset(
    name,
    files.map((file) => ({ file: file.file, bytes: cifarRecords(name, file) })),
  );
}

/** The folder itself or the one that the archive made in it, whichever holds one of the files. */
function placeOf({ folder, train, test }: Version, directory: string): string | undefined {
  return [join(directory, folder), directory].find((place) =>
    [...train, ...test].some((file) => isFile(join(place, file))),
  );
}

async function readAll(place: string, names: readonly string[]): Promise<NamedBytes[]> {
  const files: NamedBytes[] = [];
  for (const name of names) {
    const file = join(place, name);
    files.push({ file, bytes: await readFile(file) });
  }
  return files;
}
