import { show } from './json.ts';
import { DTYPES, isUnread, type SafetensorsTensor, STORAGE, type UnreadDtype } from './storage.ts';

/** A tensor of a type that is written. */
type Written = Exclude<SafetensorsTensor, { readonly dtype: UnreadDtype }>;

const isWritten = (tensor: SafetensorsTensor): tensor is Written =>
  !isUnread(tensor.dtype) && DTYPES.includes(tensor.dtype);

/**
 * Writes a safetensors file, byte for byte as the Rust writer does: tensors widest element first, then by name, the
 * header filled up with spaces so that the data begins at a multiple of 8.
 *
 * @throws {TypeError} for a tensor whose values do not fit its dtype or shape, a name that the format keeps for
 *   itself, or metadata that is not text
 */
export function serializeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = [...tensors]
    .map(([name, tensor]) => [name, checked(name, tensor)] as const)
    .sort(
      ([a, { dtype: first }], [b, { dtype: second }]) =>
        DTYPES.indexOf(first) - DTYPES.indexOf(second) || (a < b ? -1 : 1),
    );
  const fields: string[] = [];
  checkMetadata(metadata);
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let end = 0;
  for (const [name, tensor] of ordered) {
    const { dtype, shape, data } = tensor;
    const begin = end;
    end += data.length * STORAGE[dtype].bytes;
    const entry = { dtype, shape, data_offsets: [begin, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(',')}}`);
  const dataStart = 8 + Math.ceil(header.length / 8) * 8;
  const file = new Uint8Array(dataStart + end).fill(0x20, 8, dataStart);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  file.set(header, 8);
  let at = dataStart;
  for (const [, { dtype, data }] of ordered) {
    const { buffer, byteOffset, byteLength } = STORAGE[dtype].write(data);
    file.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return file;
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new TypeError(
        `safetensors: metadata ${show(key)}: write: is ${show(value)} but must be a string`,
      );
    }
  }
}

function checked(name: string, tensor: SafetensorsTensor): Written {
  const place = `safetensors: tensor ${show(name)}`;
  if (name === '__metadata__' || name === '__proto__') {
    throw new TypeError(`${place}: write: a tensor cannot have this name`);
  }
  if (!isWritten(tensor)) {
    throw new TypeError(
      `${place}: write: dtype ${show(tensor.dtype)} but known are ${DTYPES.join(', ')}`,
    );
  }
  const { dtype, shape, data } = tensor;
  const { array } = STORAGE[dtype];
  if (!(data instanceof array)) {
    throw new TypeError(
      `${place}: write: data is ${(data as object).constructor.name} but ${dtype} is written from ${array.name}`,
    );
  }
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements !== data.length) {
    throw new TypeError(
      `${place}: write: shape ${show(shape)} has ${elements} elements but data has ${data.length}`,
    );
  }
  return tensor;
}
