import { FormatError } from '../base/errors.ts';

/** Bytes of a file and the name that errors call it by. */
export interface NamedBytes {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Pictures of an IDX file; `data` is `[count, height, width]` and shares memory with the file's bytes. */
export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

/** Type 0x08 (unsigned byte) and the number of axes. */
const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;

/**
 * Reads an IDX file of grey images (magic 0x00000803, big-endian counts).
 *
 * Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
 *
 * @throws {FormatError} for a wrong magic, an empty axis or a wrong length
 */
export function parseIdxImages({ file, bytes }: NamedBytes): IdxImages {
  const [count, height, width] = readHeader(file, bytes, IMAGES_MAGIC, 'images', [
    'count',
    'height',
    'width',
  ]);
  return { count: count!, height: height!, width: width!, data: bytes.subarray(16) };
}

/**
 * Reads an IDX file of labels (magic 0x00000801); the result shares memory with the file's bytes.
 *
 * @throws {FormatError} for a wrong magic, an empty axis or a wrong length
 */
export function parseIdxLabels({ file, bytes }: NamedBytes): Uint8Array {
  readHeader(file, bytes, LABELS_MAGIC, 'labels', ['count']);
  return bytes.subarray(8);
}

function readHeader(
  file: string,
  bytes: Uint8Array,
  magic: number,
  contents: string,
  axes: readonly string[],
): number[] {
  const headerBytes = 4 + 4 * axes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = bytes.length < 4 ? undefined : view.getUint32(0);
  if (found !== undefined && found !== magic) {
    throw new FormatError(
      `${file}: magic: ${hex(found)} but an IDX file of ${contents} begins with ${hex(magic)}`,
    );
  }
  if (bytes.length < headerBytes) {
    throw new FormatError(
      `${file}: header: file has ${bytes.length} bytes but the header takes ${headerBytes}`,
    );
  }
  const sizes = axes.map((_, axis) => view.getUint32(4 + 4 * axis));
  const empty = sizes.indexOf(0);
  if (empty >= 0) {
    throw new FormatError(`${file}: ${axes[empty]}: is 0 but must be positive`);
  }
  const expected = sizes.reduce((product, size) => product * size, 1);
  if (bytes.length - headerBytes !== expected) {
    throw new FormatError(
      `${file}: length: header says ${sizes.join(' × ')} = ${expected} bytes but ` +
        `${bytes.length - headerBytes} follow it`,
    );
  }
  return sizes;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}
