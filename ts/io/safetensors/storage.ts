import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from '../half.ts';

/** Element types that are read and written; F16 and BF16 are f32 in memory. */
export type SafetensorsDtype = 'I64' | 'F64' | 'F32' | 'I32' | 'BF16' | 'F16' | 'U8';

/** Element types whose values are not read: a tensor of them is described, and refused when its values are asked for. */
export type UnreadDtype = keyof typeof UNREAD;

/** A tensor of a file: row-major values and what they are stored as. */
export type SafetensorsTensor = { readonly shape: readonly number[] } & (
  | { readonly dtype: UnreadDtype; readonly data: never }
  | { readonly dtype: 'F32' | 'F16' | 'BF16'; readonly data: Float32Array }
  | { readonly dtype: 'F64'; readonly data: Float64Array }
  | { readonly dtype: 'I64'; readonly data: BigInt64Array }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'U8'; readonly data: Uint8Array }
);

/** Contents of a safetensors file. */
export interface Safetensors {
  readonly tensors: Map<string, SafetensorsTensor>;
  readonly metadata: Record<string, string>;
}

type Values = SafetensorsTensor['data'];

interface Storage {
  /** Bytes of an element in the file. */
  readonly bytes: number;
  /** What the values are in memory. */
  readonly array: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Values;
  read(bytes: Uint8Array): Values;
  write(data: Values): ArrayBufferView;
}

/** How each type is stored; widest first, in the Rust writer's order, so that each tensor is aligned to its elements. */
export const STORAGE: Readonly<Record<SafetensorsDtype, Storage>> = {
  I64: stored(BigInt64Array),
  F64: stored(Float64Array),
  F32: stored(Float32Array),
  I32: stored(Int32Array),
  BF16: storedAsHalf(bfloatToFloat, floatToBfloat),
  F16: storedAsHalf(halfToFloat, floatToHalf),
  U8: stored(Uint8Array),
};

/** Bits of an element of the types that are not read; source: huggingface/safetensors 0.8. */
export const UNREAD = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  U32: 32,
  C64: 64,
  U64: 64,
} as const;

export const isUnread = (dtype: string): dtype is UnreadDtype => Object.hasOwn(UNREAD, dtype);

/** Bits of an element in a file. */
export const bitsOf = (dtype: SafetensorsDtype | UnreadDtype): number =>
  isUnread(dtype) ? UNREAD[dtype] : 8 * STORAGE[dtype].bytes;

/** Known types, widest first. */
export const DTYPES: readonly SafetensorsDtype[] = Object.keys(STORAGE) as SafetensorsDtype[];

/** Little-endian values as they are, which is how every WASM runtime has them in memory. */
function stored(array: Storage['array'] & { readonly BYTES_PER_ELEMENT: number }): Storage {
  const bytes = array.BYTES_PER_ELEMENT;
  return {
    bytes,
    array,
    read(from) {
      const { buffer, byteOffset, byteLength } =
        from.byteOffset % bytes === 0 ? from : from.slice();
      return new array(buffer, byteOffset, byteLength / bytes);
    },
    write: (data) => data,
  };
}

function storedAsHalf(
  widen: (halves: Uint16Array) => Float32Array,
  narrow: (floats: Float32Array) => Uint16Array,
): Storage {
  return {
    bytes: 2,
    array: Float32Array,
    read: (from) => widen(new Uint16Array(from.slice().buffer)),
    write: (data) => narrow(data as Float32Array),
  };
}
