import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from '../half.ts';

/** Element types that are read and written; F16 and BF16 are f32 in memory. */
export type SafetensorsDtype = 'I64' | 'F64' | 'F32' | 'I32' | 'BF16' | 'F16' | 'U8';

/** A tensor of a file: row-major values and what they are stored as. */
export type SafetensorsTensor = { readonly shape: readonly number[] } & (
  | { readonly dtype: 'F32' | 'F16' | 'BF16'; readonly data: Float32Array }
  | { readonly dtype: 'F64'; readonly data: Float64Array }
  | { readonly dtype: 'I64'; readonly data: BigInt64Array }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'U8'; readonly data: Uint8Array }
);

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
