/** A picture as bytes, `[height, width, channels]`: grey, grey and alpha, RGB, or RGB and alpha. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/**
 * The picture in grey, `[height, width, 1]`: luma of ITU-R 601 as Pillow rounds it.
 *
 * @param ground grey that a picture with alpha is laid over; white by default
 * @example
 * import { toGrey } from 'residua';
 *
 * const red = { height: 1, width: 1, channels: 3, data: Uint8Array.of(255, 0, 0) };
 * console.log(toGrey(red).data); // 76
 */
export function toGrey(image: Image, ground = 255): Image {
  const opaque = overGround(image, ground);
  if (opaque.channels === 1) return opaque;
  const { width, height, data } = opaque;
  const grey = new Uint8Array(width * height);
  for (let pixel = 0, from = 0; pixel < grey.length; pixel++, from += 3) {
    grey[pixel] = luma(data[from]!, data[from + 1]!, data[from + 2]!);
  }
  return { width, height, channels: 1, data: grey };
}

/**
 * The picture in colour, `[height, width, 3]`.
 *
 * @param ground grey that a picture with alpha is laid over; white by default
 */
export function toRgb(image: Image, ground = 255): Image {
  const opaque = overGround(image, ground);
  if (opaque.channels === 3) return opaque;
  const { width, height, data } = opaque;
  const rgb = new Uint8Array(3 * data.length);
  for (let pixel = 0; pixel < data.length; pixel++)
    rgb.fill(data[pixel]!, 3 * pixel, 3 * pixel + 3);
  return { width, height, channels: 3, data: rgb };
}

/** Grey of a colour, 0 to 255. */
export const luma = (red: number, green: number, blue: number): number =>
  (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;

function overGround(image: Image, ground: number): Image {
  const { width, height, channels, data } = image;
  if (channels === 1 || channels === 3) return image;
  const colours = channels === 2 ? 1 : 3;
  const opaque = new Uint8Array(width * height * colours);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * channels;
    const alpha = data[from + colours]!;
    for (let colour = 0; colour < colours; colour++) {
      const value = data[from + colour]!;
      opaque[pixel * colours + colour] = Math.round((value * alpha + ground * (255 - alpha)) / 255);
    }
  }
  return { width, height, channels: colours, data: opaque };
}
