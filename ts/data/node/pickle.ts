import { Buffer } from 'node:buffer';
import { BufferReader, Parser } from 'pickleparser';
import { FormatError } from '../../base/errors.ts';
import { plainBytes } from '../../io/node/plainBytes.ts';
import type { NamedBytes } from '../idx.ts';

/** An array of numpy as a pickle has it. */
export class PickledArray {
  shape: readonly number[] = [];
  /** `u1` for bytes; numpy's own letters. */
  dtype = '';
  fortranOrder = false;
  bytes: Uint8Array = new Uint8Array(0);

  /** Numpy's state: version, shape, dtype, order and bytes. */
  __setstate__([, shape, dtype, fortranOrder, bytes]: readonly unknown[]): void {
    if (!Array.isArray(shape) || !(dtype instanceof PickledDtype)) throw new Error('is no array');
    this.shape = shape as number[];
    this.dtype = dtype.name;
    this.fortranOrder = Boolean(fortranOrder);
    // Python 2's strings are bytes, which the reader gives as text of as many letters.
    this.bytes = plainBytes(
      typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : (bytes as Uint8Array),
    );
    const wanted = this.shape.reduce((product, size) => product * size, 1);
    if (this.dtype === 'u1' && this.bytes.length !== wanted) {
      throw new Error(`array of ${wanted} bytes has ${this.bytes.length}`);
    }
  }
}

class PickledDtype {
  readonly name: string;

  constructor(name: unknown) {
    this.name = String(name);
  }

  __setstate__(): void {
    // Byte order and alignment, which bytes have not.
  }
}

/** The few Python objects that pickled arrays are made of; a pickle may ask for any, and gets no other. */
const OBJECTS: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  'numpy.ndarray': () => new PickledArray(),
  'numpy.core.multiarray._reconstruct': () => new PickledArray(),
  'numpy._core.multiarray._reconstruct': () => new PickledArray(),
  'numpy.dtype': (name) => new PickledDtype(name),
  '_codecs.encode': (text) => Buffer.from(String(text), 'latin1'),
};

/** Reads strings of Python 2 a letter a byte, as `bytes` they may have to be again, and refuses lengths that no file has. */
class Latin1Reader extends BufferReader {
  override uint64(): number {
    const [low, high] = [this.uint32(), this.uint32()];
    const value = low + 2 ** 32 * high;
    if (!Number.isSafeInteger(value)) throw new Error(`says a length of ${value} bytes`);
    return value;
  }

  override string(size: number, encoding: 'ascii' | 'utf-8'): string {
    if (encoding === 'utf-8') return super.string(size, encoding);
    const { buffer, byteOffset, byteLength } = this.bytes(size);
    return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  }
}

/**
 * What a Python pickle holds: dicts as maps, lists, numbers, text and arrays of numpy. No code of it is run.
 *
 * @throws {FormatError} for a file that is damaged or asks for any other Python object
 */
export function readPickle({ file, bytes }: NamedBytes): unknown {
  const nameResolver = {
    resolve(module: string, name: string) {
      const known = `${module}.${name}`;
      if (Object.hasOwn(OBJECTS, known)) return OBJECTS[known]!;
      throw new FormatError(`${file}: pickle: asks for ${known}, which is not read here`);
    },
  };
  const parser = new Parser({ nameResolver, unpicklingTypeOfDictionary: 'Map' });
  try {
    return parser.read(new Latin1Reader(bytes));
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`${file}: pickle: ${(cause as Error).message}`, { cause });
  }
}
