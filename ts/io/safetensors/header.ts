import { FormatError } from '../../base/errors.ts';
import { foreignFormat } from '../foreignFormat.ts';
import { jsonKeys } from '../jsonKeys.ts';
import type { ByteStore } from './byteStore.ts';
import { isObject, show } from './json.ts';

const MOST_HEADER_BYTES = 100_000_000;
/** Bytes that tell other kinds of files. */
const LOOKED_AT = 512;
const OPENING_BRACE = 0x7b;

/** The header of a file, read as far as JSON goes. */
export interface Header {
  /** Where the data begins in the file. */
  readonly dataStart: number;
  /** What the header says of each tensor, unchecked. */
  readonly described: Readonly<Record<string, unknown>>;
  readonly metadata: Record<string, string>;
}

/**
 * Reads the header: eight bytes of length, then JSON.
 *
 * @throws {FormatError} for a length that lies, bytes that are no JSON object, repeated keys, metadata that is not text
 */
export function readHeader(store: ByteStore): Header {
  const { name, size } = store;
  const beginning = store.read(0, Math.min(size, LOOKED_AT), 'beginning');
  // A length may look like anything; what follows it may not.
  const foreign = beginning[8] === OPENING_BRACE ? undefined : foreignFormat(beginning);
  if (foreign) {
    throw new FormatError(
      `${name}: header: is ${foreign.what}, not safetensors: ${foreign.advice}`,
    );
  }
  const dataStart = 8 + headerLength(store);
  const header = parseHeader(store.read(8, dataStart, 'header'), name);
  const { __metadata__: metadata, ...described } = header;
  return { dataStart, described, metadata: readMetadata(metadata, name) };
}

function headerLength(store: ByteStore): number {
  const { name, size } = store;
  if (size < 8) {
    throw new FormatError(
      `${name}: header: file has ${size} bytes but the header's length alone takes 8`,
    );
  }
  const { buffer, byteOffset } = store.read(0, 8, 'header');
  const length = new DataView(buffer, byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MOST_HEADER_BYTES)) {
    throw new FormatError(
      `${name}: header: length says ${length} bytes but at most ${MOST_HEADER_BYTES} are allowed`,
    );
  }
  if (Number(length) > size - 8) {
    throw new FormatError(`${name}: header: length says ${length} bytes but ${size - 8} follow it`);
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  const place = `${name}: header`;
  const text = decodeUtf8(bytes, place);
  const header = decodeJson(text, bytes.length, place);
  for (const { key, repeated } of jsonKeys(text)) {
    if (key === '__proto__') throw new FormatError(`${place}: key "__proto__" is not allowed`);
    if (repeated) {
      throw new FormatError(`${place}: key ${show(key)} is there twice but must be unique`);
    }
  }
  if (!isObject(header)) {
    throw new FormatError(`${place}: is ${show(header)} but must be an object of tensors`);
  }
  return header;
}

function decodeUtf8(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${place}: ${bytes.length} bytes are there but they are not UTF-8`, {
      cause,
    });
  }
}

function decodeJson(text: string, bytes: number, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${place}: ${bytes} bytes are there but they are not JSON`, { cause });
  }
}

function readMetadata(metadata: unknown, name: string): Record<string, string> {
  // MLX writes null.
  if (metadata === undefined || metadata === null) return {};
  if (!isObject(metadata)) {
    throw new FormatError(
      `${name}: header: __metadata__ is ${show(metadata)} but must be an object of strings`,
    );
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new FormatError(
        `${name}: header: __metadata__: ${show(key)} is ${show(value)} but must be a string`,
      );
    }
  }
  return metadata as Record<string, string>;
}
