import type { Hdf5Bytes } from './bytes.ts';

/** How elements are stored. */
export interface Datatype {
  readonly kind: 'float' | 'integer' | 'string' | 'variable string' | 'opaque' | 'other';
  /** Bytes of an element. */
  readonly size: number;
  readonly littleEndian: boolean;
  /** In words for errors: `<i4`. */
  readonly name: string;
}

const CLASSES = [
  'integer',
  'float',
  'time',
  'string',
  'bit field',
  'opaque',
  'compound',
  'reference',
  'enumeration',
  'variable length',
  'array',
] as const;
/** Bits of the exponent of IEEE 754's formats by bytes. */
const EXPONENTS: Readonly<Record<number, number>> = { 2: 5, 4: 8, 8: 11 };

/** Reads a datatype message. */
export function readDatatype(bytes: Hdf5Bytes, at: number): Datatype {
  const type = CLASSES[bytes.u8(at) & 15];
  const bits = bytes.u8(at + 1);
  const size = bytes.u32(at + 4);
  const littleEndian = (bits & 1) === 0;
  const order = littleEndian ? '<' : '>';
  if (type === 'float') {
    const isIeee = bytes.u8(at + 13) === EXPONENTS[size];
    const kind = isIeee ? 'float' : 'other';
    return {
      kind,
      size,
      littleEndian,
      name: `${order}f${size}${isIeee ? '' : ' of its own kind'}`,
    };
  }
  if (type === 'integer') {
    const letter = bits & 8 ? 'i' : 'u';
    return { kind: 'integer', size, littleEndian, name: `${order}${letter}${size}` };
  }
  if (type === 'variable length' && (bits & 15) === 1) {
    return { kind: 'variable string', size, littleEndian, name: 'text' };
  }
  if (type === 'string' || type === 'opaque') {
    return { kind: type, size, littleEndian, name: type === 'string' ? 'text' : `opaque${size}` };
  }
  return { kind: 'other', size, littleEndian, name: type ?? 'an unknown type' };
}

/** Sizes of a dataspace message; none for a scalar. */
export function readShape(bytes: Hdf5Bytes, at: number): number[] {
  const [version, rank] = [bytes.u8(at), bytes.u8(at + 1)];
  if (version !== 1 && version !== 2) bytes.fail(`a dataspace is of version ${version}`);
  const first = at + (version === 1 ? 8 : 4);
  const shape = Array.from({ length: rank }, (_, axis) => bytes.u64(first + 8 * axis));
  if (shape.some((size) => size < 0)) bytes.fail(`a dataspace at ${at} has no end`);
  return shape;
}
