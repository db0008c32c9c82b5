import { type DatasetName, DATASETS, type Split } from '../catalog.ts';
import type { ImageDataset } from '../dataset.ts';
import { unknownName } from '../../base/nearestName.ts';
import { slice } from '../subset.ts';
import { loadCifar } from './cifar.ts';
import type { DownloadProgress } from './download.ts';
import { loadFashionMnist } from './fashionMnist.ts';
import { loadMnist } from './mnist.ts';

/** What to load of a data set, and from where. */
export interface LoadDatasetOptions {
  /** Default `train`. */
  readonly split?: Split;
  /** Folder that holds its files; CIFAR needs one, the others have a default. */
  readonly directory?: string | undefined;
  /** Only the first so many samples. Default all. */
  readonly limit?: number | undefined;
  /** Called as a download proceeds. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Ends a download early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A data set by name: `mnist`, `fashion-mnist`, `cifar10` or `cifar100`.
 *
 * @throws {RangeError} for a name that is not known, with the nearest one, or an option out of range
 * @throws {FormatError} for a file that is not what it claims
 * @example
 * import { loadDataset } from 'residua/node';
 *
 * const test = await loadDataset('mnist', { split: 'test', limit: 1000 });
 * console.log(test.count, test.classes);
 */
export async function loadDataset(
  name: string,
  options: LoadDatasetOptions = {},
): Promise<ImageDataset> {
  const known = Object.keys(DATASETS) as DatasetName[];
  const chosen = known.find((candidate) => candidate === name);
  if (chosen === undefined) throw new RangeError(`data: ${unknownName('data set', name, known)}`);
  const { split = 'train', limit } = options;
  if (split !== 'train' && split !== 'test') {
    throw new RangeError(
      `data: ${name}: split is "${String(split)}" but must be "train" or "test"`,
    );
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw new RangeError(`data: ${name}: limit is ${limit} but must be a positive integer`);
  }
  const dataset = await load(chosen, split, options);
  return limit === undefined ? dataset : slice(dataset, 0, limit);
}

function load(name: DatasetName, split: Split, options: LoadDatasetOptions): Promise<ImageDataset> {
  const { directory } = options;
  switch (name) {
    case 'mnist':
      return loadMnist(split, directory);
    case 'fashion-mnist':
      return loadFashionMnist(split, options);
    default:
      return loadCifar(name, split, directory);
  }
}
