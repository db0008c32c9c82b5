import { FormatError } from '../base/errors.ts';
import type { Image } from './image.ts';
import { readChunks } from './png/chunks.ts';
import { inflate, type Inflate } from './png/inflate.ts';
import { crc32 } from './crc32.ts';
import { PixelWriter } from './png/pixelWriter.ts';
import { passesOf, rowBytes, type Pass } from './png/passes.ts';
import { unfilter } from './png/unfilter.ts';

/** Zlib makes at most so many bytes of one. */
const MOST_GROWTH = 1032;

/**
 * Decodes a PNG of any colour type and depth, interlaced or not, to bytes; a palette becomes RGB, and what the file calls
 * transparent an alpha channel. Of an animation the first picture. Rows are taken as they are unpacked, so that it needs
 * little more memory than its result.
 *
 * Source: W3C, "Portable Network Graphics (PNG) Specification", third edition.
 *
 * @param name what errors call the file
 * @throws {FormatError} for a file that is damaged, no PNG, or larger than 2²⁶ pixels
 * @example
 * import { decodePng } from 'residua';
 *
 * const base64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==';
 * const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
 * console.log(await decodePng(bytes)); // a black pixel
 */
export function decodePng(bytes: Uint8Array, name = 'picture'): Promise<Image> {
  return decodePngBy({ inflate, crc32 }, bytes, name);
}

/** What a runtime may have faster: how packed rows are unpacked, and the CRC-32 of bytes. */
export interface PngTools {
  readonly inflate: Inflate;
  readonly crc32: (bytes: Uint8Array) => number;
}

/** {@link decodePng} with a runtime's own tools. */
export async function decodePngBy(
  tools: PngTools,
  bytes: Uint8Array,
  name: string,
): Promise<Image> {
  const place = `${name}: png`;
  const { header, palette, transparency, data } = readChunks(bytes, place, tools.crc32);
  const { width, height, bitsPerPixel } = header;
  const passes = passesOf(header);
  const wanted = passes.reduce((sum, pass) => sum + pass.height * rowBytes(pass, header), 0);
  const stored = data.reduce((sum, part) => sum + part.length, 0);
  if (wanted > MOST_GROWTH * stored) {
    throw new FormatError(
      `${place}: data: ${width} × ${height} pixels take ${wanted} bytes but the ${stored} that are there ` +
        'cannot unpack to so many',
    );
  }
  const writer = new PixelWriter(header, palette, transparency, place);
  const rows = new Rows(
    passes,
    (pass) => rowBytes(pass, header),
    (row, before, pass, y) => {
      unfilter(row, before, Math.max(1, bitsPerPixel >> 3), `${place}: row ${y}`);
      writer.write(row.subarray(1), pass, y);
    },
  );
  const received = await tools.inflate(data, wanted, place, (part) => rows.add(part));
  if (received < wanted) {
    throw new FormatError(
      `${place}: data: ends after ${received} bytes but ${width} × ${height} pixels take ${wanted}`,
    );
  }
  return writer.image;
}

type TakeRow = (row: Uint8Array, before: Uint8Array, pass: Pass, y: number) => void;

/** Cuts a stream of bytes into the rows of all passes; the first byte of a row is its filter. */
class Rows {
  readonly #passes: readonly Pass[];
  readonly #bytesOf: (pass: Pass) => number;
  readonly #take: TakeRow;
  #pass = 0;
  #y = 0;
  #filled = 0;
  #row = new Uint8Array(0);
  #before = new Uint8Array(0);

  constructor(passes: readonly Pass[], bytesOf: (pass: Pass) => number, take: TakeRow) {
    this.#passes = passes;
    this.#bytesOf = bytesOf;
    this.#take = take;
    this.#begin();
  }

  add(part: Uint8Array): void {
    for (let from = 0; from < part.length;) {
      const taken = part.subarray(from, from + this.#row.length - this.#filled);
      this.#row.set(taken, this.#filled);
      from += taken.length;
      this.#filled += taken.length;
      if (this.#filled === this.#row.length) this.#end();
    }
  }

  #end(): void {
    const pass = this.#passes[this.#pass]!;
    this.#take(this.#row, this.#before, pass, this.#y++);
    [this.#row, this.#before] = [this.#before, this.#row];
    this.#filled = 0;
    if (this.#y < pass.height) return;
    this.#pass++;
    this.#y = 0;
    if (this.#pass < this.#passes.length) this.#begin();
  }

  #begin(): void {
    const bytes = this.#bytesOf(this.#passes[this.#pass]!);
    this.#row = new Uint8Array(bytes);
    this.#before = new Uint8Array(bytes);
  }
}
