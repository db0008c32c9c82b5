import type { RandomStream } from '../base/random.ts';
import type { ImageDataset } from './dataset.ts';
import { normalisePixels } from './normalise.ts';

/** Random changes of training images; each sample's depend on seed, epoch and its index alone. */
export interface AugmentOptions {
  /** Pixels of black border added on each side before a crop to the old size. Default 0. */
  readonly crop?: number;
  /** Mirror left and right every other time. Default false. */
  readonly flip?: boolean;
}

/** Writes one normalised sample, cropped and mirrored as the stream says, to `to` from `toStart`. */
export function augmentSample(
  dataset: ImageDataset,
  table: Float32Array,
  sample: number,
  options: AugmentOptions,
  random: RandomStream,
  to: Float32Array,
  toStart: number,
): void {
  const { height, width, channels, images } = dataset;
  const padding = options.crop ?? 0;
  random.seek(sample);
  const top = random.below(2 * padding + 1) - padding;
  const left = random.below(2 * padding + 1) - padding;
  const mirrored = options.flip === true && random.below(2) === 1;

  const firstColumn = Math.max(0, left);
  const columns = Math.max(0, Math.min(width, width + left) - firstColumn);
  const before = mirrored ? width - (firstColumn - left) - columns : firstColumn - left;
  const rowSize = width * channels;
  for (let row = 0; row < height; row++) {
    const fromRow = row + top;
    const toRow = toStart + row * rowSize;
    const inside = fromRow >= 0 && fromRow < height && columns > 0;
    if (!inside || columns < width) fillBlack(table, to, toRow, width);
    if (!inside) continue;
    const from = sample * height * rowSize + fromRow * rowSize + firstColumn * channels;
    normalisePixels(table, images, from, to, toRow + before * channels, columns, mirrored);
  }
}

function fillBlack(table: Float32Array, to: Float32Array, toStart: number, pixels: number): void {
  const channels = table.length / 256;
  for (let channel = 0; channel < channels; channel++) {
    const black = table[256 * channel]!;
    const end = toStart + pixels * channels;
    for (let write = toStart + channel; write < end; write += channels) to[write] = black;
  }
}
