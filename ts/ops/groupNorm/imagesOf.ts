import { channelsOf, sizeOf, type Spec } from '../../base/shape.ts';

/** Pixels of a part at least. */
const FEWEST_PIXELS = 64;
/** Parts of all images that keep several workers busy to the end. */
const ENOUGH_PARTS = 32;

/** A tensor `[N, …, C]` as images. */
export function imagesOf({ shape }: Spec): Record<'images' | 'pixels' | 'channels', number> {
  return {
    images: shape[0]!,
    pixels: sizeOf(shape.slice(1, -1)),
    channels: channelsOf(shape),
  };
}

/** Parts of an image whose sums are taken apart: a function of the shape alone. */
export function partsOf(x: Spec): number {
  const { images, pixels } = imagesOf(x);
  const most = Math.ceil(pixels / FEWEST_PIXELS);
  return Math.max(1, Math.min(most, Math.ceil(ENOUGH_PARTS / Math.max(1, images))));
}
