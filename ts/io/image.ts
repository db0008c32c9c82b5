/** A picture as bytes, `[height, width, channels]`: grey, grey and alpha, RGB, or RGB and alpha. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/** The picture in grey, `[height, width, 1]`: luma of ITU-R 601 as Pillow rounds it; alpha is laid over white. */
export function toGrey(image: Image): Image {
  const opaque = overWhite(image);
  if (opaque.channels === 1) return opaque;
  const { width, height, data } = opaque;
  const grey = new Uint8Array(width * height);
  for (let pixel = 0, from = 0; pixel < grey.length; pixel++, from += 3) {
    const [red, green, blue] = [data[from]!, data[from + 1]!, data[from + 2]!];
    grey[pixel] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
  }
  return { width, height, channels: 1, data: grey };
}

/** The picture in colour, `[height, width, 3]`; alpha is laid over white. */
export function toRgb(image: Image): Image {
  const opaque = overWhite(image);
  if (opaque.channels === 3) return opaque;
  const { width, height, data } = opaque;
  const rgb = new Uint8Array(3 * data.length);
  for (let pixel = 0; pixel < data.length; pixel++)
    rgb.fill(data[pixel]!, 3 * pixel, 3 * pixel + 3);
  return { width, height, channels: 3, data: rgb };
}

function overWhite(image: Image): Image {
  const { width, height, channels, data } = image;
  if (channels === 1 || channels === 3) return image;
  const colours = channels === 2 ? 1 : 3;
  const opaque = new Uint8Array(width * height * colours);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * channels;
    const alpha = data[from + colours]!;
    for (let colour = 0; colour < colours; colour++) {
      const value = data[from + colour]!;
      opaque[pixel * colours + colour] = Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, channels: colours, data: opaque };
}
