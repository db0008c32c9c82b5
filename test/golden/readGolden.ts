import { readFileSync } from 'node:fs';

/** One array of a golden file, row-major in torch's layout. */
export interface GoldenArray {
  readonly shape: readonly number[];
  readonly values: Float64Array | Float32Array | Int32Array;
}

/** A golden file: arrays by name, and what the script said about them. */
export interface Golden {
  readonly arrays: ReadonlyMap<string, GoldenArray>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Array `name`; throws a RangeError that lists the names there are. */
  array(name: string): GoldenArray;
  /** Metadata entry `key`, parsed as JSON. */
  fact<T>(key: string): T;
}

interface Entry {
  readonly dtype: 'F64' | 'F32' | 'I32';
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const ARRAYS = { F64: Float64Array, F32: Float32Array, I32: Int32Array };

/** Reads `test/golden/<path>`, e.g. `ops/conv2d.safetensors`. */
export function readGolden(path: string): Golden {
  const bytes = readFileSync(new URL(path, import.meta.url));
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const arrays = new Map(
    Object.entries(entries as Record<string, Entry>).map(
      ([name, { dtype, shape, data_offsets }]) => {
        const [start, stop] = data_offsets;
        const data = new Uint8Array(bytes.subarray(8 + length + start, 8 + length + stop));
        return [name, { shape, values: new ARRAYS[dtype](data.buffer) }];
      },
    ),
  );
  return {
    arrays,
    metadata,
    array(name) {
      const array = arrays.get(name);
      if (array) return array;
      throw new RangeError(`${path}: array: no "${name}" among ${[...arrays.keys()].join(', ')}`);
    },
    fact: (key) => JSON.parse(metadata[key]),
  };
}

/** Reads `test/golden/<path>` as JSON. */
export function readGoldenJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}
