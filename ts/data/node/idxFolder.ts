import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { FormatError } from '../../errors.ts';
import { plainBytes } from '../../io/node/plainBytes.ts';
import { readFile } from '../../io/node/readFile.ts';
import type { DatasetFacts, Split } from '../catalog.ts';
import type { ImageDataset } from '../dataset.ts';
import type { NamedBytes } from '../idx.ts';
import { idxDataset } from '../idxDataset.ts';

/** Names of the image and the label file of a split, as MNIST and its successors have them (`.gz` when compressed). */
export function idxFileNames(split: Split): readonly [images: string, labels: string] {
  const prefix = split === 'train' ? 'train' : 't10k';
  return [`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`];
}

/**
 * A split of a data set whose folder holds MNIST's four files, plain or gzipped.
 *
 * @throws {FormatError} for a file that is not what it claims
 * @throws {Error} for a file that is missing or cannot be read
 */
export async function loadIdxFolder(
  facts: DatasetFacts,
  directory: string,
  split: Split,
): Promise<ImageDataset> {
  const [images, labels] = idxFileNames(split);
  const imageFile = await readMaybeGzipped(directory, images);
  const labelFile = await readMaybeGzipped(directory, labels);
  return idxDataset(facts, imageFile, labelFile);
}

async function readMaybeGzipped(directory: string, name: string): Promise<NamedBytes> {
  const plain = join(directory, name);
  const file = [plain, `${plain}.gz`].find((path) => existsSync(path));
  if (file === undefined) {
    throw new Error(`${directory}: read: neither ${name} nor ${name}.gz is there`);
  }
  const bytes = await readFile(file);
  return { file, bytes: file === plain ? bytes : await decompress(file, bytes) };
}

async function decompress(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return plainBytes(await promisify(gunzip)(bytes));
  } catch (error) {
    throw new FormatError(`${file}: gunzip: ${(error as Error).message}`, { cause: error });
  }
}
