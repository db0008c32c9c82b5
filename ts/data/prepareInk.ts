import type { Image } from '../io/image.ts';
import { resize, type ResizeOptions } from '../io/resize.ts';
import type { DatasetFacts, Preparation } from './catalog.ts';
import { cropInk, type Ink } from './findInk.ts';

/** A rim of less than this part of the strongest ink is none of a small digit's. */
const FAINT = 12;

/**
 * The ink as a picture of a data set: scaled to its box and put into the middle, light on 0.
 *
 * Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
 */
export function prepareInk(
  ink: Ink,
  { width, height }: DatasetFacts,
  { inkSize, centre, fullContrast }: Preparation,
): Image {
  // Before scaling for its precision, after it since thin lines fade.
  const strong = fullContrast ? stretch(ink.picture) : ink.picture;
  const size = Math.min(inkSize, width, height);
  const isSmall = Math.max(strong.width, strong.height) < size;
  const scaled = isSmall ? enlarge(strong, size) : scale(strong, size);
  const picture = fullContrast ? stretch(scaled) : scaled;
  const [left, top] = offsets(picture, width, height, centre);
  const data = new Uint8Array(width * height);
  for (let y = 0; y < picture.height; y++) {
    const row = picture.data.subarray(y * picture.width, (y + 1) * picture.width);
    data.set(row, (top + y) * width + left);
  }
  return { width, height, channels: 1, data };
}

/** Whether a picture of the data set's size is one that was prepared so already, but for a pixel of rounding. */
export function isPrepared(ink: Ink, { width, height }: DatasetFacts, how: Preparation): boolean {
  const { light, left, top, picture } = ink;
  const longest = Math.max(picture.width, picture.height);
  if (!light || Math.abs(longest - how.inkSize) > 1) return false;
  const [x, y] = offsets(picture, width, height, how.centre);
  return Math.abs(left - x) <= 1 && Math.abs(top - y) <= 1;
}

/** Longest side `size`, in proportion. */
function scale(picture: Image, size: number, options?: ResizeOptions): Image {
  const by = size / Math.max(picture.width, picture.height);
  const side = (old: number): number => Math.max(1, Math.floor(old * by + 0.5));
  return resize(picture, side(picture.height), side(picture.width), options);
}

/**
 * {@link scale} for ink that is smaller. Bilinear values would blur what MNIST's pens drew sharply, and a rim that hardly
 * shows, which a program that shrank the picture has left, would become a border of some pixels.
 */
function enlarge(picture: Image, size: number): Image {
  const least = picture.data.reduce((most, value) => Math.max(most, value), 0) / FAINT;
  const { picture: box } = cropInk(picture, (at) => {
    const value = picture.data[at]!;
    return value > least ? value : 0;
  });
  return scale(box, size, { filter: 'bicubic' });
}

/** Values in proportion, so that the largest is 255. */
function stretch(picture: Image): Image {
  const most = picture.data.reduce((largest, value) => Math.max(largest, value), 0);
  if (most === 0 || most >= 254) return picture;
  return { ...picture, data: picture.data.map((value) => Math.round((value * 255) / most)) };
}

/** First column and row at which a picture lies in the middle of a larger one, and not beyond its edge. */
function offsets(
  picture: Image,
  width: number,
  height: number,
  centre: Preparation['centre'],
): [left: number, top: number] {
  const { x, y } =
    centre === 'mass' ? centreOfMass(picture) : { x: picture.width / 2, y: picture.height / 2 };
  const within = (offset: number, room: number): number =>
    Math.min(Math.max(0, Math.floor(offset)), room);
  return [
    within(width / 2 - x + (centre === 'mass' ? 0.5 : 0), width - picture.width),
    within(height / 2 - y + (centre === 'mass' ? 0.5 : 0), height - picture.height),
  ];
}

/** By the pixels' indices: a single pixel has its centre at 0. */
function centreOfMass({ width, data }: Image): { x: number; y: number } {
  let [sum, x, y] = [0, 0, 0];
  data.forEach((value, at) => {
    sum += value;
    x += value * (at % width);
    y += value * Math.floor(at / width);
  });
  return { x: x / sum, y: y / sum };
}
