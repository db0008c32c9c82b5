import { FormatError } from '../../base/errors.ts';

/** What a PNG says of itself first. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample, or an index into the palette. */
  readonly depth: number;
  /** Samples a pixel. */
  readonly samples: number;
  readonly bitsPerPixel: number;
  /** Whether a pixel is an index into the palette. */
  readonly indexed: boolean;
  readonly interlaced: boolean;
}

const MOST_PIXELS = 2 ** 26;

/** Samples a pixel, and depths, by colour type. */
const COLOUR_TYPES: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/**
 * Reads the 13 bytes of an IHDR chunk.
 *
 * @throws {FormatError} for a size or a kind of picture that is none
 */
export function readHeader(view: DataView, place: string): PngHeader {
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (width === 0 || height === 0 || width * height > MOST_PIXELS) {
    throw new FormatError(
      `${place}: has ${width} × ${height} pixels but 1 to ${MOST_PIXELS} are allowed`,
    );
  }
  const [depth, colourType] = [view.getUint8(8), view.getUint8(9)];
  const kind = COLOUR_TYPES[colourType];
  if (!kind?.depths.includes(depth)) {
    throw new FormatError(
      `${place}: colour type ${colourType} with ${depth} bits a sample is none that PNG has`,
    );
  }
  const [compression, filter, interlace] = [10, 11, 12].map((at) => view.getUint8(at));
  if (compression !== 0 || filter !== 0 || interlace! > 1) {
    throw new FormatError(
      `${place}: compression ${compression}, filter ${filter}, interlace ${interlace} but known are 0, 0, 0 or 1`,
    );
  }
  return {
    width,
    height,
    depth,
    samples: kind.samples,
    bitsPerPixel: kind.samples * depth,
    indexed: colourType === 3,
    interlaced: interlace === 1,
  };
}
