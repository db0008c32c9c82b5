import { FormatError } from '../../errors.ts';
import { halfToFloat } from '../half.ts';
import { NamedVariables, type KerasLayers, type KerasVariable } from './layers.ts';

/**
 * Layers of an `.npz` archive whose arrays are named `<layer>/<kind>`, as
 * `np.savez(file, **{v.path: v.numpy() for v in model.weights})` writes them.
 *
 * @throws {FormatError} for an array that is none, or whose name is of another kind
 */
export function readNpz(files: Readonly<Record<string, Uint8Array>>, file: string): KerasLayers {
  const found = new NamedVariables(file);
  for (const [path, bytes] of Object.entries(files)) {
    const parts = path
      .replace(/\.npy$/, '')
      .replace(/:0$/, '')
      .split('/');
    const [layer, kind] = [parts.slice(0, -1).join('/'), parts.at(-1)!];
    found.add(layer, kind, readNpy(bytes, `${file}: ${path}`));
  }
  return found.layers;
}

/** An `.npy` array of floats; source: NumPy's description of the format, NEP 1. */
export function readNpy(bytes: Uint8Array, place: string): KerasVariable {
  const fail = (fact: string): never => {
    throw new FormatError(`${place}: npy: ${fact}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d) fail('begins otherwise than an array');
  const long = bytes[6]! > 1;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) fail(`has ${bytes.length} bytes but its header ends at ${end}`);
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end));
  const dtype = /'descr': *'([^']*)'/.exec(header)?.[1];
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (sizes === undefined || !/'fortran_order': *False/.test(header)) {
    fail(`its header must state a shape and C order but is ${header.trim()}`);
  }
  const shape = sizes!
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  const data =
    floats(bytes.slice(end), dtype) ?? fail(`holds ${dtype} but must hold <f2, <f4 or <f8`);
  const elements = shape.reduce((product, size) => product * size, 1);
  if (data.length !== elements) fail(`holds ${data.length} values but its shape ${elements}`);
  return { shape, data };
}

function floats(bytes: Uint8Array, dtype: string | undefined): Float32Array | undefined {
  const whole = (size: number): ArrayBuffer =>
    bytes.buffer.slice(0, bytes.length - (bytes.length % size)) as ArrayBuffer;
  switch (dtype) {
    case '<f4':
      return new Float32Array(whole(4));
    case '<f8':
      return Float32Array.from(new Float64Array(whole(8)));
    case '<f2':
      return halfToFloat(new Uint16Array(whole(2)));
    default:
      return undefined;
  }
}
