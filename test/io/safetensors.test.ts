import { strToU8, zipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../ts/base/errors.ts';
import {
  parseSafetensors,
  type SafetensorsTensor,
  serializeSafetensors,
} from '../../ts/io/safetensors.ts';
import { RandomStream } from '../../ts/base/random.ts';
import { errorOf } from '../data/generated.ts';

// Written by the reference writer: safetensorsGolden.py says how.
const golden = readFileSync(new URL('../golden/safetensorsPython.safetensors', import.meta.url));

/** A file with this header and so many bytes of data. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + encoded.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encoded.length), true);
  bytes.set(encoded, 8);
  return bytes;
}

function withLength(bytes: Uint8Array, length: bigint): Uint8Array {
  const changed = bytes.slice();
  new DataView(changed.buffer).setBigUint64(0, length, true);
  return changed;
}

const parse = (bytes: Uint8Array) => parseSafetensors(bytes, 'a.safetensors');
const f32 = (shape: unknown, ...offsets: unknown[]) => ({
  dtype: 'F32',
  shape,
  data_offsets: offsets,
});

describe('parseSafetensors', () => {
  it('reads what the reference writer wrote', () => {
    const { tensors, metadata } = parse(golden);
    const values = [0, -0, 1, -1.5, 1 / 3, 65504, 6e-8, -Infinity];
    expect(metadata).toEqual({ note: 'written by safetensors 0.8.0, numpy 2.4.6' });
    expect(Object.fromEntries(tensors)).toEqual({
      'layer1.0.conv1.weight': {
        dtype: 'F32',
        shape: [2, 1, 2, 2],
        data: Float32Array.from(values),
      },
      'layer1.0.bn1.weight': { dtype: 'F32', shape: [8], data: Float32Array.from(values) },
      'layer1.0.bn1.num_batches_tracked': {
        dtype: 'I64',
        shape: [],
        data: BigInt64Array.of(2n ** 53n + 1n),
      },
      double: {
        dtype: 'F64',
        shape: [2, 2],
        data: Float64Array.of(1 / 3, -2e300, 5e-324, 0.1),
      },
      half: {
        dtype: 'F16',
        shape: [8],
        data: Float32Array.of(0, -0, 1, -1.5, 0.333251953125, 65504, 2 ** -24, -Infinity),
      },
      bfloat: {
        dtype: 'BF16',
        shape: [2, 4],
        data: Float32Array.from(values, (value) => truncateToBfloat(value)),
      },
      int: { dtype: 'I32', shape: [3], data: Int32Array.of(-1, 2 ** 31 - 1, -(2 ** 31)) },
      bytes: { dtype: 'U8', shape: [5], data: Uint8Array.of(0, 1, 127, 128, 255) },
      empty: { dtype: 'F32', shape: [0, 3], data: new Float32Array(0) },
      'größe "1"\n': { dtype: 'F32', shape: [1], data: Float32Array.of(1) },
    });
  });

  it('reads from any place in a larger buffer', () => {
    const larger = new Uint8Array(golden.length + 20);
    for (let offset = 1; offset < 9; offset++) {
      larger.set(golden, offset);
      expect(parse(larger.subarray(offset, offset + golden.length))).toEqual(parse(golden));
    }
  });

  it('reads a file of no tensors', () => {
    expect(parse(file('{}'))).toEqual({ tensors: new Map(), metadata: {} });
  });

  it('reads data that is not aligned, and spaces behind the header', () => {
    const { tensors } = parse(file(`${JSON.stringify({ x: f32([2], 0, 8) })}   `, 8));
    expect(tensors.get('x')!.data).toEqual(new Float32Array(2));
  });

  const nested = '['.repeat(100_000) + ']'.repeat(100_000);
  it.each<[string, Uint8Array, string]>([
    [
      'an empty file',
      new Uint8Array(0),
      "header: file has 0 bytes but the header's length alone takes 8",
    ],
    [
      'seven bytes',
      new Uint8Array(7),
      "header: file has 7 bytes but the header's length alone takes 8",
    ],
    [
      'a header longer than the file',
      file('{}').subarray(0, 9),
      'header: length says 2 bytes but 1 follow it',
    ],
    [
      'an absurd header length',
      withLength(file('{}'), 2n ** 64n - 1n),
      'header: length says 18446744073709551615 bytes but at most 100000000 are allowed',
    ],
    ['no header', new Uint8Array(8), 'header: 0 bytes are there but they are not JSON'],
    ['a header that is no JSON', file('{"a": '), 'header: 6 bytes are there but they are not JSON'],
    [
      'a header that is no UTF-8',
      file('{"a": "~"}').map((byte) => (byte === 0x7e ? 0xff : byte)),
      'header: 10 bytes are there but they are not UTF-8',
    ],
    [
      'a header that is a list',
      file('[1, 2]'),
      'header: is [1, 2] but must be an object of tensors',
    ],
    [
      'a deeply nested header',
      file(nested),
      'header: is [a list] but must be an object of tensors',
    ],
    [
      'a tensor that is there twice',
      file('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}, "\\u0078" :{}}'),
      'header: key "x" is there twice but must be unique',
    ],
    [
      'a field that is there twice',
      file('{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"shape":[1]}}'),
      'header: key "shape" is there twice but must be unique',
    ],
    [
      'a tensor named __proto__',
      file('{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      'header: key "__proto__" is not allowed',
    ],
    [
      'metadata named __proto__',
      file('{"__metadata__":{"__proto__":"x"}}'),
      'header: key "__proto__" is not allowed',
    ],
    [
      'metadata that is a list',
      file({ __metadata__: ['x'] }),
      'header: __metadata__ is ["x"] but must be an object of strings',
    ],
    [
      'metadata that is no text',
      file({ __metadata__: { step: 3 } }),
      'header: __metadata__: "step" is 3 but must be a string',
    ],
    ['a tensor that is null', file({ x: null }), 'tensor "x": is null but must be an object'],
    [
      'a type that is not known',
      file({ x: { dtype: 'F8', shape: [0], data_offsets: [0, 0] } }),
      'tensor "x": dtype: "F8" but known are I64, F64, F32, I32, BF16, F16, U8',
    ],
    [
      'a type that every object has',
      file({ x: { dtype: 'constructor', shape: [0], data_offsets: [0, 0] } }),
      'tensor "x": dtype: "constructor" but known are I64, F64, F32, I32, BF16, F16, U8',
    ],
    [
      'no type',
      file({ x: { shape: [0], data_offsets: [0, 0] } }),
      'tensor "x": dtype: missing but known are I64, F64, F32, I32, BF16, F16, U8',
    ],
    [
      'a negative size',
      file({ x: f32([2, -1], 0, 8) }, 8),
      'tensor "x": shape: [2, -1] but must be integers of at least 0',
    ],
    [
      'a fractional size',
      file({ x: f32([0.5], 0, 2) }, 2),
      'tensor "x": shape: [0.5] but must be integers of at least 0',
    ],
    [
      'a size beyond 2^53',
      file('{"x":{"dtype":"U8","shape":[1e300],"data_offsets":[0,1]}}', 1),
      'tensor "x": shape: [1e+300] but must be integers of at least 0',
    ],
    [
      'a shape that is text',
      file({ x: f32('2', 0, 8) }, 8),
      'tensor "x": shape: "2" but must be integers of at least 0',
    ],
    [
      'a huge shape',
      file({ x: f32([2 ** 40, 2 ** 40, 2 ** 40], 0, 8) }, 8),
      'tensor "x": data_offsets: [0, 8] hold 8 bytes but F32 of shape ' +
        '[1099511627776, 1099511627776, 1099511627776] takes 5.316911983139664e+36',
    ],
    [
      'sizes whose product is not a number',
      file({ x: f32([...new Array<number>(40).fill(2 ** 50), 0], 0, 0) }),
      'tensor "x": data_offsets: [0, 0] hold 0 bytes but F32 of shape ' +
        `[${new Array<number>(8).fill(2 ** 50).join(', ')}, …] takes NaN`,
    ],
    [
      'one offset',
      file({ x: f32([0], 0) }),
      'tensor "x": data_offsets: [0] but must be two integers, begin and end',
    ],
    [
      'offsets that run backwards',
      file({ x: f32([2], 8, 0) }, 8),
      'tensor "x": data_offsets: [8, 0] but must be two integers, begin and end',
    ],
    [
      'a negative offset',
      file({ x: f32([2], -8, 0) }, 8),
      'tensor "x": data_offsets: [-8, 0] but must be two integers, begin and end',
    ],
    [
      'another number of bytes than the shape takes',
      file({ x: f32([2, 3], 0, 20) }, 20),
      'tensor "x": data_offsets: [0, 20] hold 20 bytes but F32 of shape [2, 3] takes 24',
    ],
    [
      'truncated data',
      file({ x: f32([2], 0, 8), y: f32([1], 8, 12) }, 11),
      'data: header describes 12 bytes but the file holds 11',
    ],
    [
      'bytes behind the data',
      file({ x: f32([2], 0, 8) }, 9),
      'data: header describes 8 bytes but the file holds 9',
    ],
    [
      'tensors that overlap',
      file({ x: f32([2], 0, 8), y: f32([2], 4, 12) }, 12),
      'tensor "y": data_offsets: begins at 4 but the tensor before it ends at 8',
    ],
    [
      'two tensors in one place',
      file({ x: f32([2], 0, 8), y: f32([2], 0, 8) }, 8),
      'tensor "y": data_offsets: begins at 0 but the tensor before it ends at 8',
    ],
    [
      'a gap',
      file({ x: f32([2], 0, 8), y: f32([1], 12, 16) }, 16),
      'tensor "y": data_offsets: begins at 12 but the tensor before it ends at 8',
    ],
    [
      'a gap before the first tensor',
      file({ x: f32([1], 4, 8) }, 8),
      'tensor "x": data_offsets: begins at 4 but the tensor before it ends at 0',
    ],
    [
      'a name of many lines',
      file({ ['x\n'.repeat(100)]: 1 }),
      `tensor "${'x\\n'.repeat(26)}…: is 1 but must be an object`,
    ],
  ])('refuses %s', (_, bytes, message) => {
    const error = errorOf(() => parse(bytes));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(`a.safetensors: ${message}`);
  });

  it('refuses or reads, but never breaks on, 10,000 corrupted files', () => {
    const random = new RandomStream(1, 'corrupt');
    const refusals = new Set<string>();
    let read = 0;
    for (let round = 0; round < 10_000; round++) {
      const bytes = corrupt(golden, random);
      try {
        for (const { shape, data } of parse(bytes).tensors.values()) {
          const elements = shape.reduce((product, size) => product * size, 1);
          if (data.length !== elements) expect.fail(`${data.length} elements of shape ${shape}`);
        }
        read++;
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        refusals.add(error.message);
      }
    }
    expect(read).toBeGreaterThan(100);
    expect(refusals.size).toBeGreaterThan(500);
    for (const message of refusals) expect(message).toMatch(/^a\.safetensors: [^\n]{1,500}$/u);
  });
});

/** Flips, cuts, copies or inserts bytes, mostly in the header. */
function corrupt(original: Uint8Array, random: RandomStream): Uint8Array {
  const bytes = [...original];
  const place = () => random.below(random.below(8) === 0 ? bytes.length : 760);
  const words = ['-1', '1e9', '0.5', 'null', '[]', '{}', '"', ',', '9', '\0', '"__proto__":1,'];
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = place();
    switch (random.below(5)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at]! ^= 1 << random.below(8);
        break;
      case 2:
        bytes.splice(at, 1 + random.below(random.below(2) === 0 ? 2 : bytes.length));
        break;
      case 3:
        bytes.splice(at, random.below(3), ...new TextEncoder().encode(words[random.below(11)]));
        break;
      default:
        bytes.splice(at, 0, ...bytes.slice(at, at + random.below(100)));
    }
  }
  if (random.below(2) === 0 && bytes.length > 8) {
    bytes.splice(0, 8, ...lengthPrefix(original, bytes.length - original.length));
  }
  return Uint8Array.from(bytes);
}

/** The length of the header, changed, so that a corrupted header is still read whole. */
function lengthPrefix(original: Uint8Array, change: number): Uint8Array {
  const view = new DataView(original.buffer, original.byteOffset, 8);
  const length = Math.max(0, Number(view.getBigUint64(0, true)) + change);
  return new Uint8Array(BigUint64Array.of(BigInt(length)).buffer);
}

function truncateToBfloat(value: number): number {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  word[0]! &= 0xffff0000;
  return new Float32Array(word.buffer)[0]!;
}

describe('serializeSafetensors', () => {
  it('writes the same bytes as the reference writer', () => {
    const { tensors, metadata } = parse(golden);
    expect(serializeSafetensors(tensors, metadata)).toEqual(new Uint8Array(golden));
  });

  it('gives back every type, whatever the order', () => {
    const tensors = new Map<string, SafetensorsTensor>([
      ['2', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
      ['1', { dtype: 'F16', shape: [2], data: Float32Array.of(0.5, -2) }],
      ['b', { dtype: 'BF16', shape: [1], data: Float32Array.of(3) }],
      ['a', { dtype: 'F32', shape: [], data: Float32Array.of(Math.fround(0.1)) }],
      ['i', { dtype: 'I32', shape: [1, 2], data: Int32Array.of(-1, 5) }],
      ['long', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
      ['wide', { dtype: 'F64', shape: [1], data: Float64Array.of(0.1) }],
    ]);
    const bytes = serializeSafetensors(tensors, { step: '12', note: 'ä "b"\n' });
    const back = parse(bytes);
    expect(back.metadata).toEqual({ step: '12', note: 'ä "b"\n' });
    expect(Object.fromEntries(back.tensors)).toEqual(Object.fromEntries(tensors));
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it('writes views of larger arrays', () => {
    const data = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
    const { tensors } = parse(
      serializeSafetensors(new Map([['x', { dtype: 'F32', shape: [2], data }]])),
    );
    expect(tensors.get('x')!.data).toEqual(Float32Array.of(1, 2));
  });

  it('rounds to nearest, ties to even', () => {
    const data = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 65520);
    const { tensors } = parse(
      serializeSafetensors(new Map([['x', { dtype: 'F16', shape: [3], data }]])),
    );
    expect([...tensors.get('x')!.data]).toEqual([1, 1 + 2 ** -9, Infinity]);
  });

  it('writes a file of no tensors', () => {
    expect(serializeSafetensors(new Map())).toEqual(
      Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode('{}      ')),
    );
  });

  it.each<[string, string, unknown, string]>([
    [
      'values of another type',
      'x',
      { dtype: 'F32', shape: [1], data: Float64Array.of(1) },
      'safetensors: tensor "x": write: data is Float64Array but F32 is written from Float32Array',
    ],
    [
      'another number of values',
      'x',
      { dtype: 'F32', shape: [2, 3], data: new Float32Array(5) },
      'safetensors: tensor "x": write: shape [2, 3] has 6 elements but data has 5',
    ],
    [
      'a type that is not known',
      'x',
      { dtype: 'F8', shape: [1], data: new Float32Array(1) },
      'safetensors: tensor "x": write: dtype "F8" but known are I64, F64, F32, I32, BF16, F16, U8',
    ],
    [
      'the name of the metadata',
      '__metadata__',
      { dtype: 'F32', shape: [1], data: new Float32Array(1) },
      'safetensors: tensor "__metadata__": write: a tensor cannot have this name',
    ],
  ])('refuses %s', (_, name, tensor, message) => {
    const tensors = new Map([[name, tensor as SafetensorsTensor]]);
    const error = errorOf(() => serializeSafetensors(tensors));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(message);
  });

  it('refuses metadata that is no text', () => {
    const metadata = { step: 3 } as unknown as Record<string, string>;
    expect(errorOf(() => serializeSafetensors(new Map(), metadata)).message).toBe(
      'safetensors: metadata "step": write: is 3 but must be a string',
    );
  });
});

describe('a tensor of a type that is not read', () => {
  // Written by the reference writer: safetensorsGolden.py says how.
  const bytes = readFileSync(new URL('../golden/safetensorsTypes.safetensors', import.meta.url));

  it('is described, and leaves the others readable', () => {
    const { tensors } = parse(bytes);
    expect(Object.fromEntries([...tensors].map(([name, { dtype }]) => [name, dtype]))).toEqual({
      flag: 'BOOL',
      i8: 'I8',
      i16: 'I16',
      u16: 'U16',
      u32: 'U32',
      u64: 'U64',
      f8: 'F8_E4M3',
      f4: 'F4',
      'model.fc.bias': 'F32',
    });
    expect(tensors.get('f4')!.shape).toEqual([2, 2]);
    expect(tensors.get('model.fc.bias')!.data).toEqual(Float32Array.of(1, -2, 0.5));
  });

  it('is refused when its values are asked for', () => {
    const { tensors } = parse(bytes);
    const error = errorOf(() => tensors.get('flag')!.data);
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(
      'a.safetensors: tensor "flag": read: is BOOL but values are read of I64, F64, F32, I32, BF16, F16, U8',
    );
    expect(errorOf(() => serializeSafetensors(tensors)).message).toMatch(
      /^safetensors: tensor "[a-z0-9]+": write: dtype "\w+" but known are I64/,
    );
  });

  it('must have the bytes that its shape takes, too', () => {
    const header = (dtype: string, end: number): Uint8Array =>
      file({ x: { dtype, shape: [3], data_offsets: [0, end] } }, end);
    expect(errorOf(() => parse(header('I8', 4))).message).toMatch(
      /hold 4 bytes but I8 .* takes 3$/,
    );
    // Three elements of four bits fill no whole bytes.
    expect(errorOf(() => parse(header('F4', 2))).message).toMatch(/F4 of shape \[3\] takes 1\.5$/);
  });
});

describe('metadata', () => {
  it('may be null, as MLX 0.32 writes it', () => {
    const { tensors, metadata } = parse(file({ __metadata__: null, x: f32([1], 0, 4) }, 4));
    expect(metadata).toEqual({});
    expect(tensors.get('x')!.data).toEqual(Float32Array.of(0));
  });
});

describe('another file given for safetensors', () => {
  const bytesOf = (...parts: (string | number[])[]): Uint8Array =>
    Uint8Array.from(
      parts.flatMap((part) => (typeof part === 'string' ? [...strToU8(part)] : part)),
    );
  const padded = (bytes: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(600);
    whole.set(bytes);
    return whole;
  };

  it.each<[string, Uint8Array, string]>([
    [
      // The first entry of torch.save of 1.13 and of 2.x is called after the file.
      'a file of torch.save',
      zipSync({ 'archive/data.pkl': strToU8('\x80\x02}q\x00.') }, { level: 0 }),
      'a file of torch.save, not safetensors: in Python, safetensors.torch.save_file(',
    ],
    [
      'a file of torch.save before 1.6',
      padded(
        bytesOf([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
      ),
      'a file of torch.save, not safetensors: in Python, ',
    ],
    [
      'a pointer of Git LFS',
      bytesOf('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 46807446\n'),
      'a pointer of Git LFS, not safetensors: `git lfs pull` fetches the file itself',
    ],
    [
      'a web page',
      bytesOf('<!DOCTYPE html>\n<html><head><title>404</title></head></html>'),
      'a web page, not safetensors: the download gave that instead of the file',
    ],
    [
      'an HDF5 file',
      padded(bytesOf([0x89], 'HDF\r\n', [0x1a], '\n')),
      'an HDF5 file, not safetensors: loadKerasWeights of residua/keras reads those of Keras',
    ],
    [
      'a Keras file',
      zipSync({ 'metadata.json': strToU8('{}'), 'config.json': strToU8('{}') }),
      'a Keras file, not safetensors: loadKerasWeights of residua/keras reads those of Keras',
    ],
    [
      'an archive of arrays',
      zipSync({ 'conv1/kernel.npy': strToU8('...') }),
      'an archive of NumPy arrays, not safetensors: loadKerasWeights',
    ],
    [
      'a gzipped file',
      bytesOf([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0]),
      'a gzipped file, not safetensors: unpack it with gunzip',
    ],
    [
      'an index',
      bytesOf('{\n  "metadata": {},\n  "weight_map": {}\n}'),
      'an index of several files, not safetensors: readTensors reads it where its name ends in .json',
    ],
  ])('%s is named, with what to do', (_, bytes, words) => {
    const error = errorOf(() => parse(bytes));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message.startsWith(`a.safetensors: header: is ${words}`), error.message).toBe(
      true,
    );
  });

  it('is none whose header is as long as the other begins', () => {
    // 640 = 0x280 begins like a pickle, 35,615 = 0x8b1f like gzip.
    for (const length of [640, 35_615]) {
      const text = JSON.stringify({ x: f32([1], 0, 4) }).padEnd(length);
      expect(parse(file(text, 4)).tensors.size).toBe(1);
    }
  });
});
