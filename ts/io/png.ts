import { convertIndexedToRgb, decode, type DecodedPng } from 'fast-png';
import { FormatError } from '../errors.ts';
import type { Image } from './image.ts';

const HEADER_BYTES = 29;
const MOST_PIXELS = 2 ** 26;

/**
 * Decodes a PNG of any colour type and depth to bytes; a palette becomes RGB or RGBA.
 *
 * @param name what errors call the file
 * @throws {FormatError} for a file that is damaged, no PNG, or larger than 2²⁶ pixels
 */
export function decodePng(bytes: Uint8Array, name: string): Image {
  checkHeader(bytes, name);
  try {
    return toImage(decode(bytes, { checkCrc: true }));
  } catch (cause) {
    throw new FormatError(`${name}: png: ${reasonOf(cause as Error, bytes.length)}`, { cause });
  }
}

/** The decoder's words, except where it runs out of bytes and speaks of its own buffers. */
function reasonOf({ message, cause }: Error, bytes: number): string {
  if (message.includes('outside the bounds'))
    return `file ends after ${bytes} bytes but not its data`;
  const detail = cause instanceof Error ? ` ${cause.message}` : '';
  return message + detail;
}

/** Refuses what the decoder would not: a small file that claims to be a huge picture, and interlaced bits. */
function checkHeader(bytes: Uint8Array, name: string): void {
  if (bytes.length < HEADER_BYTES) {
    throw new FormatError(
      `${name}: png: file has ${bytes.length} bytes but its header alone takes ${HEADER_BYTES}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0x89504e47) {
    throw new FormatError(
      `${name}: png: begins with 0x${view.getUint32(0).toString(16).padStart(8, '0')} but a PNG ` +
        'begins with 0x89504e47',
    );
  }
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  if (width === 0 || height === 0 || width * height > MOST_PIXELS) {
    throw new FormatError(
      `${name}: png: has ${width} × ${height} pixels but 1 to ${MOST_PIXELS} are allowed`,
    );
  }
  const depth = bytes[24]!;
  if (depth < 8 && bytes[28] !== 0) {
    throw new FormatError(
      `${name}: png: is interlaced with ${depth} bits a sample but at least 8 are needed for that`,
    );
  }
}

function toImage(png: DecodedPng): Image {
  const { width, height, depth, palette, transparency } = png;
  const channels = png.channels as Image['channels'];
  if (channels === 1 && palette) {
    const colours = palette[0]?.length === 4 ? 4 : 3;
    return { width, height, channels: colours, data: convertIndexedToRgb(png) };
  }
  const samples = depth < 8 ? unpack(png) : png.data;
  const most = (1 << depth) - 1;
  const data = Uint8Array.from(samples, (sample) => Math.round((sample * 255) / most));
  if (!transparency) return { width, height, channels, data };
  return { width, height, ...withAlpha(data, samples, transparency) };
}

/** Grey samples of less than a byte, one a byte; rows begin at whole bytes. */
function unpack({ width, height, depth, data }: DecodedPng): Uint8Array {
  const samples = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)]!;
      samples[to++] = (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
  return samples;
}

/** Makes the one colour that the file calls transparent so, in a channel of its own. */
function withAlpha(
  data: Uint8Array,
  samples: ArrayLike<number>,
  transparent: Uint16Array,
): Pick<Image, 'channels' | 'data'> {
  const colours = transparent.length;
  const channels = colours === 1 ? 2 : 4;
  const pixels = data.length / colours;
  const laid = new Uint8Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * colours;
    laid.set(data.subarray(from, from + colours), pixel * channels);
    const hidden = transparent.every((sample, colour) => samples[from + colour] === sample);
    laid[pixel * channels + colours] = hidden ? 0 : 255;
  }
  return { channels, data: laid };
}
