import { FormatError } from '../../base/errors.ts';
import { readHeader, type PngHeader } from './header.ts';

/** The parts of a PNG file that its pixels are made of. */
export interface PngChunks {
  readonly header: PngHeader;
  /** Red, green and blue of each colour; there when pixels are indices. */
  readonly palette: Uint8Array | undefined;
  /** The tRNS chunk. */
  readonly transparency: Uint8Array | undefined;
  /** Packed rows, in parts. */
  readonly data: readonly Uint8Array[];
}

const SIGNATURE_BYTES = 8;
const SIGNATURE = 0x89504e47;
/** Signature, and length, type and contents of the first chunk. */
const HEADER_BYTES = 29;
const HEADER_CONTENTS = 13;

/**
 * Walks through the chunks of a PNG file.
 *
 * @throws {FormatError} for a file that is truncated, damaged, no PNG, or lacks a part that it needs
 */
export function readChunks(
  bytes: Uint8Array,
  place: string,
  crc32: (bytes: Uint8Array) => number,
): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkBeginning(view, place);
  const header = readHeader(
    new DataView(view.buffer, view.byteOffset + 16, HEADER_CONTENTS),
    place,
  );
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const data: Uint8Array[] = [];
  for (const { type, contents } of chunksOf(bytes, view, place, crc32)) {
    if (type === 'PLTE') palette = contents;
    else if (type === 'tRNS') transparency = contents;
    else if (type === 'IDAT') data.push(contents);
    else if (isNeeded(type) && type !== 'IHDR') {
      throw new FormatError(`${place}: needs its chunk "${type}" but this code does not know it`);
    }
  }
  if (header.indexed) checkPalette(palette, transparency, place);
  else if (header.samples % 2 === 1) checkTransparency(transparency, header, place);
  return { header, palette, transparency, data };
}

function checkBeginning(view: DataView, place: string): void {
  if (view.byteLength < HEADER_BYTES) {
    throw new FormatError(
      `${place}: file has ${view.byteLength} bytes but its header alone takes ${HEADER_BYTES}`,
    );
  }
  const begins = view.getUint32(0);
  if (begins !== SIGNATURE) {
    throw new FormatError(
      `${place}: begins with 0x${begins.toString(16).padStart(8, '0')} but a PNG begins with 0x89504e47`,
    );
  }
  const [length, type] = [view.getUint32(8), typeAt(view, 12)];
  if (view.getUint32(4) !== 0x0d0a1a0a || type !== 'IHDR' || length !== HEADER_CONTENTS) {
    throw new FormatError(
      `${place}: its first chunk is "${type}" of ${length} bytes but must be "IHDR" of 13`,
    );
  }
}

function* chunksOf(
  bytes: Uint8Array,
  view: DataView,
  place: string,
  crc32: (bytes: Uint8Array) => number,
): Generator<{ type: string; contents: Uint8Array }> {
  for (let at = SIGNATURE_BYTES; ;) {
    const length = at + 12 <= bytes.length ? view.getUint32(at) : Infinity;
    const end = at + 8 + length;
    if (end + 4 > bytes.length) {
      throw new FormatError(`${place}: file ends after ${bytes.length} bytes but not its data`);
    }
    const type = typeAt(view, at + 4);
    const [found, stated] = [crc32(bytes.subarray(at + 4, end)), view.getUint32(end)];
    if (found !== stated) {
      throw new FormatError(
        `${place}: chunk "${type}" at byte ${at}: CRC mismatch: is ${found} but the file says ${stated}`,
      );
    }
    if (type === 'IEND') return;
    yield { type, contents: bytes.subarray(at + 8, end) };
    at = end + 4;
  }
}

const typeAt = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((letter) => view.getUint8(at + letter)));

/** A capital first letter says that the picture cannot be shown without the chunk. */
const isNeeded = (type: string): boolean => /^[A-Z]/.test(type);

function checkPalette(
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
  place: string,
): void {
  if (!palette) throw new FormatError(`${place}: its pixels are of a palette but it has none`);
  if (palette.length === 0 || palette.length > 768 || palette.length % 3 !== 0) {
    throw new FormatError(
      `${place}: palette has ${palette.length} bytes but takes 3 a colour, of 1 to 256 colours`,
    );
  }
  const colours = palette.length / 3;
  if (transparency && transparency.length > colours) {
    throw new FormatError(
      `${place}: tRNS has ${transparency.length} alpha values but the palette ${colours} colours`,
    );
  }
}

function checkTransparency(
  transparency: Uint8Array | undefined,
  { samples }: PngHeader,
  place: string,
): void {
  if (transparency && transparency.length !== 2 * samples) {
    throw new FormatError(
      `${place}: tRNS has ${transparency.length} bytes but a colour of ${samples} samples takes ${2 * samples}`,
    );
  }
}
