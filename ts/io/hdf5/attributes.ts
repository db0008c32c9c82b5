import type { Hdf5Bytes } from './bytes.ts';
import { readDatatype } from './datatype.ts';
import { MESSAGE, type Message } from './messages.ts';

const padded = (size: number): number => Math.ceil(size / 8) * 8;

/** The text of an object's attribute; undefined when there is none, or it is no text. */
export function textAttribute(
  bytes: Hdf5Bytes,
  messages: readonly Message[],
  wanted: string,
): string | undefined {
  for (const { type, at, shared } of messages) {
    if (type !== MESSAGE.attribute || shared) continue;
    const version = bytes.u8(at);
    if (version < 1 || version > 3) bytes.fail(`an attribute is of version ${version}`);
    const [nameSize, typeSize, spaceSize] = [2, 4, 6].map((offset) => bytes.u16(at + offset)) as [
      number,
      number,
      number,
    ];
    const pad = version === 1 ? padded : (size: number) => size;
    const nameAt = at + (version === 3 ? 9 : 8);
    if (bytes.text(nameAt, nameSize) !== wanted) continue;
    const typeAt = nameAt + pad(nameSize);
    const valueAt = typeAt + pad(typeSize) + pad(spaceSize);
    const { kind, size } = readDatatype(bytes, typeAt);
    if (kind === 'string') return bytes.text(valueAt, size);
    if (kind !== 'variable string') return undefined;
    const [length, heap, index] = [
      bytes.u32(valueAt),
      bytes.u64(valueAt + 4),
      bytes.u32(valueAt + 12),
    ];
    const object = heapObject(bytes, heap, index);
    return bytes.text(object.at, Math.min(length, object.size));
  }
  return undefined;
}

/** An object of a global heap. */
function heapObject(
  bytes: Hdf5Bytes,
  heap: number,
  wanted: number,
): { readonly at: number; readonly size: number } {
  bytes.spend();
  bytes.expect('GCOL', heap);
  const end = heap + bytes.u64(heap + 8);
  for (let at = heap + 16; at + 16 <= end;) {
    bytes.spend();
    const [index, size] = [bytes.u16(at), bytes.u64(at + 8)];
    if (index === wanted) return { at: at + 16, size };
    if (index === 0 || size < 0) break;
    at += 16 + padded(size);
  }
  bytes.fail(`its heap at ${heap} has no object ${wanted}`);
}
