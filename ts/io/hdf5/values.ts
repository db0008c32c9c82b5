import { inflateWithin } from '../inflateWithin.ts';
import type { Hdf5Bytes } from './bytes.ts';
import { treeNode } from './links.ts';
import { MESSAGE, type Message } from './messages.ts';

const MOST_LEVELS = 16;
const [DEFLATE, SHUFFLE, FLETCHER32] = [1, 2, 3];

/** A dataset whose values are wanted: what its header says of them. */
export interface StoredArray {
  readonly shape: readonly number[];
  /** Bytes of an element. */
  readonly size: number;
  readonly messages: readonly Message[];
}

/**
 * The bytes of a dataset, row-major, in its own byte order: contiguous, compact or in chunks, which may be shuffled and
 * deflated. At most a copy of them and one chunk are held; the caller has checked that it can use that many.
 */
export function readValues(bytes: Hdf5Bytes, array: StoredArray): Uint8Array {
  const total = array.shape.reduce((product, size) => product * size, array.size);
  const layout = array.messages.find(({ type }) => type === MESSAGE.layout);
  if (!layout) bytes.fail('a dataset does not say where its values are');
  const { at } = layout;
  const version = bytes.u8(at);
  if (version < 1 || version > 4) bytes.fail(`the layout of a dataset is of version ${version}`);
  const isOld = version < 3;
  const kind = bytes.u8(at + (isOld ? 2 : 1));
  const body = at + (isOld ? 8 : 2);
  if (kind === 1) {
    const address = bytes.u64(body);
    // Values that nobody wrote have no place.
    return address < 0 ? unwritten(bytes, total) : bytes.slice(address, total);
  }
  if (kind === 0 && !isOld) return bytes.slice(body + 2, total);
  if (kind !== 2 || version === 4) {
    bytes.fail(`a dataset is laid out by kind ${kind} of version ${version}, which is not read`);
  }
  const axes = isOld ? bytes.u8(at + 1) : bytes.u8(body);
  const treeAt = isOld ? body : body + 1;
  return chunked(bytes, array, total, { axes, tree: bytes.u64(treeAt), sizesAt: treeAt + 8 });
}

function unwritten(bytes: Hdf5Bytes, total: number): Uint8Array {
  bytes.spend(total >> 3);
  return new Uint8Array(total);
}

interface Chunks {
  readonly axes: number;
  readonly tree: number;
  readonly sizesAt: number;
}

function chunked(
  bytes: Hdf5Bytes,
  { shape, size, messages }: StoredArray,
  total: number,
  { axes, tree, sizesAt }: Chunks,
): Uint8Array {
  const rank = shape.length;
  const chunk = shape.map((_, axis) => bytes.u32(sizesAt + 4 * axis));
  const chunkBytes = chunk.reduce((product, length) => product * length, size);
  // A chunk may reach over the edge, by less than its own size.
  const most = shape.reduce((product, length) => product * 2 * Math.max(1, length), size);
  if (axes !== rank + 1 || chunkBytes < 1 || chunkBytes > most) {
    bytes.fail(`has chunks of ${chunk.join(' × ')} in a dataset of ${shape.join(' × ')}`);
  }
  const filters = readFilters(bytes, messages);
  const values = new Uint8Array(total);
  if (tree < 0) return values;
  const seen = new Set<string>();
  const visit = (address: number, above: number): void => {
    const { level, children } = treeNode(bytes, address, 1, above, 8 + 8 * axes);
    for (const { keyAt, child } of children) {
      if (level > 0) {
        visit(child, level);
        continue;
      }
      const first = shape.map((_, axis) => bytes.u64(keyAt + 8 + 8 * axis));
      const key = first.join();
      // So there are never more chunks to unpack than the dataset has.
      const isOne = first.every(
        (at, axis) => at >= 0 && at % chunk[axis]! === 0 && at < shape[axis]!,
      );
      if (!isOne || seen.has(key)) bytes.fail(`has a chunk at ${key} twice or outside`);
      seen.add(key);
      const stored = bytes.slice(child, bytes.u32(keyAt));
      const mask = bytes.u32(keyAt + 4);
      const unpacked = unfiltered(bytes, stored, { filters, mask, chunkBytes, size });
      copyChunk(unpacked, chunk, first, { values, shape, size });
    }
  };
  visit(tree, MOST_LEVELS);
  return values;
}

/** Ids of the filters that were applied, in that order. */
function readFilters(bytes: Hdf5Bytes, messages: readonly Message[]): number[] {
  const message = messages.find(({ type }) => type === MESSAGE.filters);
  if (!message) return [];
  const version = bytes.u8(message.at);
  const count = bytes.u8(message.at + 1);
  let at = message.at + (version === 1 ? 8 : 2);
  return Array.from({ length: count }, () => {
    const id = bytes.u16(at);
    if (id !== DEFLATE && id !== SHUFFLE && id !== FLETCHER32) {
      bytes.fail(`its values went through filter ${id} but only deflate and shuffle are read`);
    }
    const hasName = version === 1;
    const nameSize = hasName ? bytes.u16(at + 2) : 0;
    const settings = bytes.u16(at + (hasName ? 6 : 4));
    at += hasName
      ? 8 + Math.ceil(nameSize / 8) * 8 + 4 * (settings + (settings % 2))
      : 6 + 4 * settings;
    return id;
  });
}

interface Filtered {
  readonly filters: readonly number[];
  /** Bits of filters that this chunk did without. */
  readonly mask: number;
  readonly chunkBytes: number;
  readonly size: number;
}

function unfiltered(
  bytes: Hdf5Bytes,
  stored: Uint8Array,
  { filters, mask, chunkBytes, size }: Filtered,
): Uint8Array {
  let values = stored;
  for (let index = filters.length - 1; index >= 0; index--) {
    if ((mask >> index) & 1) continue;
    if (filters[index] === DEFLATE) {
      // A checksum may follow what is deflated.
      const inflated = inflateWithin(values, chunkBytes + 4, { wrapping: 'zlib' });
      if (!inflated) bytes.fail('a chunk is not deflated as it says, or is larger than it says');
      values = inflated;
    } else if (filters[index] === SHUFFLE) {
      values = unshuffled(values, size);
    } else {
      values = values.subarray(0, values.length - 4);
    }
  }
  if (values.length !== chunkBytes) {
    bytes.fail(`a chunk has ${values.length} bytes but must have ${chunkBytes}`);
  }
  return values;
}

function unshuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const values = new Uint8Array(bytes);
  for (let byte = 0; byte < size; byte++) {
    for (let index = 0; index < count; index++) {
      values[index * size + byte] = bytes[byte * count + index]!;
    }
  }
  return values;
}

/** Copies the part of a chunk that lies within the dataset, row by row of the last axis. */
function copyChunk(
  from: Uint8Array,
  chunk: readonly number[],
  first: readonly number[],
  to: { readonly values: Uint8Array; readonly shape: readonly number[]; readonly size: number },
): void {
  const { values, shape, size } = to;
  const copy = (axis: number, fromAt: number, toAt: number): void => {
    const count = Math.min(chunk[axis]!, shape[axis]! - first[axis]!);
    const inChunk = chunk.slice(axis + 1).reduce((product, length) => product * length, size);
    const inShape = shape.slice(axis + 1).reduce((product, length) => product * length, size);
    const start = toAt + first[axis]! * inShape;
    if (axis === shape.length - 1) {
      if (count > 0) values.set(from.subarray(fromAt, fromAt + count * size), start);
      return;
    }
    for (let index = 0; index < count; index++) {
      copy(axis + 1, fromAt + index * inChunk, start + index * inShape);
    }
  };
  copy(0, 0, 0);
}
