import { convertIndexedToRgb, decode, type DecodedPng } from 'fast-png';
import { FormatError } from '../../errors.ts';
import type { Picture } from '../image.ts';
import { readFile } from './readFile.ts';

/**
 * A PNG file as a grey or RGB picture; what is transparent in it shows white.
 *
 * @throws {FormatError} for a file that is no PNG or is damaged
 * @throws {Error} for a file that cannot be read
 */
export async function readImage(path: string): Promise<Picture> {
  const bytes = await readFile(path);
  let png: DecodedPng;
  try {
    png = decode(bytes);
  } catch (cause) {
    throw new FormatError(`${path}: decode: is not a readable PNG file (${(cause as Error).message})`, {
      cause,
    });
  }
  return toPicture(png);
}

function toPicture(png: DecodedPng): Picture {
  const { width, height } = png;
  const { samples, stored } = eightBit(png);
  const hasAlpha = stored % 2 === 0;
  const channels = stored > 2 ? 3 : 1;
  const pixels = new Uint8Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = hasAlpha ? samples[pixel * stored + channels]! / 255 : 1;
    for (let channel = 0; channel < channels; channel++) {
      const value = samples[pixel * stored + channel]!;
      pixels[pixel * channels + channel] = Math.round(255 + alpha * (value - 255));
    }
  }
  return { width, height, channels, pixels };
}

/** Samples of 8 bits, `stored` of them a pixel, whatever the depth of the file. */
function eightBit(png: DecodedPng): { samples: Uint8Array; stored: number } {
  const { width, height, depth, palette } = png;
  if (palette) return { samples: convertIndexedToRgb(png), stored: palette[0]!.length };
  if (depth === 8) return { samples: Uint8Array.from(png.data), stored: png.channels };
  if (depth === 16) return { samples: Uint8Array.from(png.data, (value) => value >> 8), stored: png.channels };
  const samples = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const most = (1 << depth) - 1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const bit = column * depth;
      const byte = png.data[row * rowBytes + (bit >> 3)]!;
      const value = (byte >> (8 - depth - (bit & 7))) & most;
      samples[row * width + column] = (255 * value) / most;
    }
  }
  return { samples, stored: 1 };
}
