import { type ImageDataset, imageDataset } from '../../ts/data/dataset.ts';
import { RandomStream } from '../../ts/base/random.ts';

/** Random bytes. */
export function randomBytes(length: number, seed = 1): Uint8Array {
  const random = new RandomStream(seed, 'bytes');
  return Uint8Array.from({ length }, () => random.uint32() & 255);
}

/** A data set of random pictures. */
export function randomDataset(
  count: number,
  height: number,
  width: number,
  channels: number,
): ImageDataset {
  return imageDataset({
    name: 'random',
    images: randomBytes(count * height * width * channels),
    labels: Uint8Array.from({ length: count }, (_, index) => index % 3),
    height,
    width,
    channels,
    classes: ['a', 'b', 'c'],
  });
}

/** An IDX file: magic, sizes, then bytes. */
export function idxFile(sizes: readonly number[], data: Uint8Array, magic?: number): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic ?? 0x0800 + sizes.length);
  sizes.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(data, 4 + 4 * sizes.length);
  return bytes;
}

/** The error that `act` throws, or a failure when it does not. */
export function errorOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
