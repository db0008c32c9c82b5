import { join } from 'node:path';
import type { DatasetFacts, Split } from '../catalog.ts';
import type { ImageDataset } from '../dataset.ts';
import type { NamedBytes } from '../idx.ts';
import { idxDataset } from '../idxDataset.ts';
import { isFile } from './isFile.ts';
import { nothingFound } from './nothingFound.ts';
import { readIdxFile } from './readIdxFile.ts';

/** Names of the image and the label file of a split, as MNIST and its successors have them (`.gz` when compressed). */
export function idxFileNames(split: Split): readonly [images: string, labels: string] {
  const prefix = split === 'train' ? 'train' : 't10k';
  return [`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`];
}

/** Where libraries put the files within a folder that they are given: torchvision's is `MNIST/raw`. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  mnist: ['.', 'raw', 'MNIST/raw', 'MNIST', 'mnist'],
  'fashion-mnist': ['.', 'raw', 'FashionMNIST/raw', 'FashionMNIST', 'fashion-mnist', 'fashion'],
};

/**
 * A split of a data set whose folder, or one that is usual within it, holds MNIST's four files. They may be gzipped or not,
 * whatever their names say, have a dot before `idx`, and lie in folders of their own names.
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
  const imageFile = await readFound(facts, directory, images);
  const labelFile = await readFound(facts, directory, labels);
  return idxDataset(facts, imageFile, labelFile);
}

async function readFound(
  { name }: DatasetFacts,
  directory: string,
  file: string,
): Promise<NamedBytes> {
  const names = [file, file.replace('-idx', '.idx')].flatMap((plain) => [plain, `${plain}.gz`]);
  const places = (FOLDERS[name] ?? ['.']).flatMap((folder) =>
    names.flatMap((known) => [
      join(directory, folder, known),
      ...names.map((inner) => join(directory, folder, known, inner)),
    ]),
  );
  const found = places.find(isFile);
  if (found === undefined) {
    throw nothingFound(directory, `neither ${file} nor ${file}.gz is there`);
  }
  return readIdxFile(found);
}
