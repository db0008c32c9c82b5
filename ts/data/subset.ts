import type { ImageDataset } from './dataset.ts';

/**
 * The samples at `indices`, in that order, copied.
 *
 * @throws {RangeError} for an index outside the data set
 */
export function subset(dataset: ImageDataset, indices: ArrayLike<number>): ImageDataset {
  const { name, count, images, labels } = dataset;
  const size = images.length / count;
  const chosenImages = new Uint8Array(indices.length * size);
  const chosenLabels =
    labels instanceof Uint8Array ? new Uint8Array(indices.length) : new Int32Array(indices.length);
  for (let to = 0; to < indices.length; to++) {
    const from = indices[to]!;
    if (!Number.isInteger(from) || from < 0 || from >= count) {
      throw new RangeError(`${name}: subset: index ${from} but there are ${count} samples`);
    }
    chosenImages.set(images.subarray(from * size, (from + 1) * size), to * size);
    chosenLabels[to] = labels[from]!;
  }
  return { ...dataset, images: chosenImages, labels: chosenLabels, count: indices.length };
}

/**
 * Samples `start` to `start + count`, sharing memory with the data set; all that are left when there are fewer.
 *
 * @throws {RangeError} when count is not a positive integer or nothing is left at `start`
 * @example
 * import { imageDataset, slice } from 'residua';
 *
 * const images = Uint8Array.of(0, 128, 255);
 * const labels = Uint8Array.of(0, 0, 1);
 * const classes = ['dark', 'light'];
 * const all = imageDataset({ name: 'dots', images, labels, height: 1, width: 1, channels: 1, classes });
 * console.log(slice(all, 0, 2).count); // 2
 */
export function slice(dataset: ImageDataset, start: number, count: number): ImageDataset {
  const { name, images, labels } = dataset;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`${name}: slice: count is ${count} but must be a positive integer`);
  }
  if (!Number.isInteger(start) || start < 0 || start >= dataset.count) {
    throw new RangeError(
      `${name}: slice: start is ${start} but there are ${dataset.count} samples`,
    );
  }
  const end = Math.min(start + count, dataset.count);
  const size = images.length / dataset.count;
  return {
    ...dataset,
    images: images.subarray(start * size, end * size),
    labels: labels.subarray(start, end),
    count: end - start,
  };
}
