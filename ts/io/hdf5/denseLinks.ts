import { NOWHERE, type Hdf5Bytes } from './bytes.ts';

/** Bytes of a node of a version 2 B-tree around its records. */
const NODE_BYTES = 10;
const HEAP_ID_BYTES = 7;

/**
 * Addresses of the link messages of a group that has many, as `libver='latest'` stores them: a version 2 B-tree of places in
 * a fractal heap.
 */
export function* denseLinks(bytes: Hdf5Bytes, heap: number, tree: number): Generator<number> {
  const places = heapOf(bytes, heap);
  for (const idAt of heapIds(bytes, tree)) yield places(idAt);
}

/** Where the heap ids of all records are. */
function* heapIds(bytes: Hdf5Bytes, address: number): Generator<number> {
  bytes.spend();
  bytes.expect('BTHD', address);
  const [nodeBytes, recordBytes, depth] = [
    bytes.u32(address + 6),
    bytes.u16(address + 10),
    bytes.u16(address + 12),
  ];
  const [root, count] = [bytes.u64(address + 16), bytes.u16(address + 24)];
  if (root === NOWHERE) return;
  if (depth > 1 || recordBytes < HEAP_ID_BYTES) {
    bytes.fail(`a group's links are ${depth} levels deep, of which one is read`);
  }
  const leaf = function* (at: number, records: number): Generator<number> {
    bytes.expect('BTLF', at);
    bytes.spend(records);
    for (let index = 0; index < records; index++) {
      yield at + 6 + (index + 1) * recordBytes - HEAP_ID_BYTES;
    }
  };
  if (depth === 0) {
    yield* leaf(root, count);
    return;
  }
  bytes.expect('BTIN', root);
  const countBytes = bytesFor(Math.floor((nodeBytes - NODE_BYTES) / recordBytes));
  const children = root + 6 + count * recordBytes;
  for (let index = 0; index <= count; index++) {
    const at = children + index * (8 + countBytes);
    yield* leaf(bytes.u64(at), smallNumber(bytes, at + 8, countBytes));
    if (index < count) yield root + 6 + (index + 1) * recordBytes - HEAP_ID_BYTES;
  }
}

/** Gives the address of an object by where its heap id is. */
function heapOf(bytes: Hdf5Bytes, heap: number): (idAt: number) => number {
  bytes.spend();
  bytes.expect('FRHP', heap);
  if (bytes.u16(heap + 7) > 0) bytes.fail('the heap of a group is filtered, which is not read');
  const [width, start, mostDirect] = [
    bytes.u16(heap + 110),
    bytes.u64(heap + 112),
    bytes.u64(heap + 120),
  ];
  if (start < 1) bytes.fail(`the heap of a group has blocks of ${start} bytes`);
  const offsetBytes = Math.ceil(bytes.u16(heap + 128) / 8);
  const lengthBytes = bytesFor(Math.min(mostDirect, bytes.u32(heap + 10)));
  const [root, rows] = [bytes.u64(heap + 132), bytes.u16(heap + 140)];
  const addressOf = (offset: number): number => {
    if (rows === 0) return root + offset;
    bytes.expect('FHIB', root);
    let [base, size, childAt] = [0, start, root + 13 + offsetBytes];
    for (let row = 0; row < rows; row++) {
      // Two rows of the smallest blocks, then each row of blocks twice as large.
      if (row > 1) size *= 2;
      if (size > mostDirect) break;
      if (offset < base + size * width) {
        const column = Math.floor((offset - base) / size);
        return bytes.u64(childAt + 8 * column) + offset - base - column * size;
      }
      base += size * width;
      childAt += 8 * width;
    }
    return bytes.fail(`a group's heap has nothing at ${offset} that is read`);
  };
  return (idAt) => {
    bytes.spend();
    const kind = (bytes.u8(idAt) >> 4) & 3;
    if (kind !== 0 || 1 + offsetBytes + lengthBytes > HEAP_ID_BYTES) {
      bytes.fail(`a link is an object of kind ${kind} in its heap, which is not read`);
    }
    return addressOf(smallNumber(bytes, idAt + 1, offsetBytes));
  };
}

/** Bytes that numbers up to `most` take. */
function bytesFor(most: number): number {
  let count = 0;
  for (let rest = most; rest >= 1; rest /= 256) count++;
  return count;
}

/** A number of any few bytes. */
function smallNumber(bytes: Hdf5Bytes, at: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index--) value = 256 * value + bytes.u8(at + index);
  return value;
}
