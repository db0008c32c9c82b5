import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATASETS, type Split } from '../catalog.ts';
import type { ImageDataset } from '../dataset.ts';
import { cacheFolder } from './cacheFolder.ts';
import { download, type DownloadProgress } from './download.ts';
import { idxFileNames, loadIdxFolder } from './idxFolder.ts';

const DEBIAN_FOLDER = '/usr/share/datasets/fashion-mnist';
/** The same files by https, as Keras loads them; the publisher's own address has none. */
const PUBLISHED_AT = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets';

/** MD5 sums that the data set's README states. */
const PUBLISHED_MD5: Readonly<Record<string, string>> = {
  'train-images-idx3-ubyte.gz': '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
  'train-labels-idx1-ubyte.gz': '25c81989df183df01b3e8a0aad5dffbe',
  't10k-images-idx3-ubyte.gz': 'bef4ecab320f06d8554ea6380940ec79',
  't10k-labels-idx1-ubyte.gz': 'bb300cfdad3c16e7a12a480ee83cd310',
};

/** Where Fashion-MNIST comes from. */
export interface FashionMnistOptions {
  /** A folder with the four files, plain or gzipped; nothing is downloaded then. */
  readonly directory?: string | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fashion-MNIST, 60,000 training or 10,000 test images of 28 × 28 × 1, from `directory`, else Debian's package
 * `dataset-fashion-mnist`, else the cache folder, into which it is downloaded once.
 *
 * Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset", 2017.
 *
 * @throws {Error} when it can be had from none of them
 */
export async function loadFashionMnist(
  split: Split,
  options: FashionMnistOptions = {},
): Promise<ImageDataset> {
  const found = options.directory ?? (existsSync(DEBIAN_FOLDER) ? DEBIAN_FOLDER : undefined);
  const folder = found ?? join(cacheFolder(), 'fashion-mnist');
  if (found === undefined) await fetchMissing(folder, split, options);
  return loadIdxFolder(DATASETS['fashion-mnist'], folder, split);
}

async function fetchMissing(
  folder: string,
  split: Split,
  { onProgress, signal }: FashionMnistOptions,
): Promise<void> {
  const names = idxFileNames(split).map((name) => `${name}.gz`);
  for (const name of names.filter((name) => !existsSync(join(folder, name)))) {
    const url = `${PUBLISHED_AT}/${name}`;
    const path = join(folder, name);
    try {
      await download({ url, path, md5: PUBLISHED_MD5[name]!, onProgress, signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw new Error(
        `data: fashion-mnist: ${(error as Error).message}: ` +
          "install Debian's dataset-fashion-mnist, or give a directory that holds the four files",
        { cause: error },
      );
    }
  }
}
