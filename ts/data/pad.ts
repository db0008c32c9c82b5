import type { ImageDataset } from './dataset.ts';

/**
 * The pictures in the middle of larger ones, `[count, size, size, channels]`, with pixels of 0 around.
 *
 * @throws {RangeError} when a side is larger than `size`
 */
export function pad(dataset: ImageDataset, size: number): ImageDataset {
  const { name, images, count, height, width, channels } = dataset;
  if (!Number.isInteger(size) || size < Math.max(height, width)) {
    throw new RangeError(
      `${name}: pad: size is ${size} but must be a whole number of at least ${Math.max(height, width)}`,
    );
  }
  const padded = new Uint8Array(count * size * size * channels);
  const [top, left] = [size - height, size - width].map((room) => Math.floor(room / 2)) as [
    number,
    number,
  ];
  const row = width * channels;
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < height; y++) {
      const from = (n * height + y) * row;
      const to = ((n * size + top + y) * size + left) * channels;
      padded.set(images.subarray(from, from + row), to);
    }
  }
  return { ...dataset, images: padded, height: size, width: size };
}
