import { DATASETS, idxDataset, type ImageDataset } from '../ts/index.ts';

const FILES = {
  train: ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
  test: ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
} as const;
const IMAGE_HEADER = 16;
const IMAGE_BYTES = 28 * 28;
const LABEL_HEADER = 8;

/**
 * The first `count` images of MNIST from IDX files beside the page, fetching no more of them than that.
 *
 * @throws {Error} naming the file when it cannot be had
 */
export async function fetchMnist(split: 'train' | 'test', count: number): Promise<ImageDataset> {
  const [images, labels] = FILES[split];
  const files = await Promise.all([
    fetchItems(images, IMAGE_HEADER, IMAGE_BYTES, count),
    fetchItems(labels, LABEL_HEADER, 1, count),
  ]);
  return idxDataset(DATASETS.mnist, ...files);
}

async function fetchItems(
  file: string,
  headerBytes: number,
  itemBytes: number,
  count: number,
): Promise<{ file: string; bytes: Uint8Array }> {
  const wanted = headerBytes + count * itemBytes;
  const response = await fetch(new URL(`data/${file}`, location.href), {
    headers: { range: `bytes=0-${wanted - 1}` },
  });
  if (!response.ok) throw new Error(`data: ${file}: HTTP ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer()).subarray(0, wanted);
  const items = Math.floor((bytes.length - headerBytes) / itemBytes);
  // The header counts the items of the whole file.
  new DataView(bytes.buffer).setUint32(4, items);
  return { file, bytes };
}
