import { FormatError } from '../../base/errors.ts';
import { halfToFloat } from '../half.ts';
import type { ZipEntry } from './zip.ts';
import type { KerasFile, KerasVariable } from './layers.ts';
import { NamedVariables } from './namedVariables.ts';

/** A header is hardly ever longer than some hundred bytes; version 1 of the format allows so many. */
const MOST_HEADER_BYTES = 1 << 16;

/**
 * Layers of an `.npz` archive whose arrays are named `<layer>/<kind>`, as
 * `np.savez(file, **{v.path: v.numpy() for v in model.weights})` writes them. Of an array only the header is unpacked before
 * its values are asked for.
 *
 * @throws {FormatError} for an array that is none
 */
export function readNpz(entries: readonly ZipEntry[], file: string): KerasFile {
  const found = new NamedVariables(file);
  for (const entry of entries) {
    const parts = entry.name
      .replace(/\.npy$/, '')
      .replace(/:0$/, '')
      .split('/');
    const place = `${file}: ${entry.name}`;
    const header = readHeader(entry.begin(MOST_HEADER_BYTES), place);
    const variable = variableOf(header, entry, place);
    found.add(parts.slice(0, -1), parts.at(-1)!, variable, header.type);
  }
  return found.file();
}

/** An `.npy` array of floats, in either order; source: NumPy's description of the format, NEP 1. */
export function readNpy(
  bytes: Uint8Array,
  place: string,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const header = readHeader(bytes, place);
  if (!(header.type in READ)) {
    throw new FormatError(`${place}: npy: holds ${header.type} but must hold <f2, <f4 or <f8`);
  }
  return { shape: header.shape, data: valuesOf(header, bytes, place) };
}

interface Header {
  /** NumPy's name of the elements' type. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Whether the first axis moves fastest. */
  readonly transposed: boolean;
  /** Where the values begin. */
  readonly end: number;
}

function readHeader(bytes: Uint8Array, place: string): Header {
  const fail = (fact: string): never => {
    throw new FormatError(`${place}: npy: ${fact}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d) fail('begins otherwise than an array');
  const long = bytes[6]! > 1;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) fail(`has ${bytes.length} bytes but its header ends at ${end}`);
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, end));
  const type = /'descr': *'([^']*)'/.exec(text)?.[1];
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(text)?.[1];
  const order = /'fortran_order': *(False|True)/.exec(text)?.[1];
  if (sizes === undefined || order === undefined) {
    return fail(`its header must state a shape and an order but is ${text.trim().slice(0, 200)}`);
  }
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  return { type: type ?? 'records', shape, transposed: order === 'True', end };
}

/** Floats by NumPy's names of their types, from bytes that begin at an even place. */
const READ: Readonly<Record<string, (bytes: ArrayBuffer) => Float32Array>> = {
  '<f2': (bytes) => halfToFloat(new Uint16Array(bytes)),
  '<f4': (bytes) => new Float32Array(bytes),
  '<f8': (bytes) => Float32Array.from(new Float64Array(bytes)),
};

const elementsOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

function valuesOf(header: Header, bytes: Uint8Array, place: string): Float32Array {
  const { type, shape, transposed, end } = header;
  const size = Number(type.slice(2));
  const whole = bytes.slice(end, bytes.length - ((bytes.length - end) % size));
  const data = READ[type]!(whole.buffer);
  const elements = elementsOf(shape);
  if (data.length !== elements) {
    throw new FormatError(`${place}: npy: holds ${data.length} values but its shape ${elements}`);
  }
  return transposed && shape.length > 1 ? inRows(data, shape) : data;
}

/** Values with the first axis fastest, in the order of rows. */
function inRows(data: Float32Array, shape: readonly number[]): Float32Array {
  const rows = new Float32Array(data.length);
  const steps = shape.map((_, axis) => elementsOf(shape.slice(0, axis)));
  const at = new Array<number>(shape.length).fill(0);
  for (let to = 0, from = 0; to < rows.length; to++) {
    rows[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return rows;
}

/** Undefined for an array of something else. */
function variableOf(header: Header, entry: ZipEntry, place: string): KerasVariable | undefined {
  const { type, shape, end } = header;
  if (!(type in READ)) return undefined;
  const held = (entry.size - end) / Number(type.slice(2));
  if (held !== elementsOf(shape)) {
    throw new FormatError(
      `${place}: npy: holds ${Math.floor(held)} values but its shape ${elementsOf(shape)}`,
    );
  }
  return { shape, values: () => valuesOf(header, entry.read(), place) };
}
