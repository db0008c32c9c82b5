import { deflateSync, strToU8, zipSync, zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../ts/base/errors.ts';
import { crc32 } from '../../ts/io/crc32.ts';
import { inflateWithin } from '../../ts/io/inflateWithin.ts';
import { readKerasFile } from '../../ts/io/keras/read.ts';
import { readZip } from '../../ts/io/keras/zip.ts';
import { errorOf } from '../data/generated.ts';

const text = strToU8('a line that is there again and again\n'.repeat(400));
const archive = (): Uint8Array =>
  zipSync({
    'a.txt': [text, { level: 9 }],
    'b.txt': [text, { level: 0 }],
    'empty.txt': new Uint8Array(),
  });

/** Where bytes lie in an archive. */
function find(bytes: Uint8Array, wanted: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(wanted);
}

describe('crc32', () => {
  it("is PKWARE's", () => {
    // The check value of CRC-32/ISO-HDLC.
    expect(crc32(strToU8('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });
});

describe('readZip', () => {
  it('reads stored and deflated files, and their beginnings', () => {
    const entries = readZip(archive(), 'a');
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ['a.txt', text.length],
      ['b.txt', text.length],
      ['empty.txt', 0],
    ]);
    for (const entry of entries.slice(0, 2)) {
      expect(Buffer.from(entry.read()).equals(Buffer.from(text))).toBe(true);
      expect(entry.begin(10)).toEqual(text.slice(0, 10));
      expect(entry.begin(1e6)).toHaveLength(text.length);
    }
    expect(entries[2]!.read()).toHaveLength(0);
  });

  it('finds the directory in front of a comment', () => {
    const bytes = archive();
    const comment = strToU8('a comment');
    const whole = new Uint8Array(bytes.length + comment.length);
    whole.set(bytes);
    whole.set(comment, bytes.length);
    whole[bytes.length - 2] = comment.length;
    expect(readZip(whole, 'a')).toHaveLength(3);
  });

  it('compares the CRC-32 of every file', () => {
    const bytes = archive();
    bytes[find(bytes, text) + 1000]! ^= 1;
    const [deflated, stored] = readZip(bytes, 'a');
    expect(deflated!.read()).toHaveLength(text.length);
    const error = errorOf(() => stored!.read());
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(
      /^a: b\.txt: zip: has the CRC-32 [0-9a-f]{8} but the archive says [0-9a-f]{8}: it is damaged$/,
    );
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['is cut off', (bytes) => bytes.slice(0, -30), /^a: keras: is no zip archive: it has no dir/],
    [
      'lies about its files',
      (bytes) => {
        bytes[bytes.length - 12] = 9;
        return bytes;
      },
      /^a: keras: is no zip archive: its directory has 3 files but says 9$/,
    ],
    [
      'lies about a size',
      (bytes) => {
        const at = find(bytes, Uint8Array.of(0x50, 0x4b, 1, 2));
        new DataView(bytes.buffer).setUint32(at + 24, 100, true);
        return bytes;
      },
      /^a: a\.txt: zip: does not unpack to its 100 bytes$/,
    ],
    [
      'has two files of one name',
      (bytes) => {
        for (let at = find(bytes, strToU8('b.txt')); at >= 0; at = find(bytes, strToU8('b.txt'))) {
          bytes[at] = 'a'.charCodeAt(0);
        }
        return bytes;
      },
      /^a: a\.txt: zip: is in the archive twice but must be unique$/,
    ],
    [
      'leads elsewhere',
      (bytes) => {
        const at = find(bytes, Uint8Array.of(0x50, 0x4b, 1, 2));
        new DataView(bytes.buffer).setUint32(at + 42, 7, true);
        return bytes;
      },
      /^a: a\.txt: zip: is not at 7, where the archive has it$/,
    ],
  ])('an archive that %s is one error', (_, change, message) => {
    const error = errorOf(() => readZip(change(archive()), 'a').map((entry) => entry.read()));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(message);
  });
});

describe('inflateWithin', () => {
  const zeros = new Uint8Array(1e6);

  it('gives what is small enough', () => {
    expect(inflateWithin(deflateSync(text), text.length, { wrapping: 'raw' })).toEqual(text);
    expect(inflateWithin(zlibSync(text), 1e5, { wrapping: 'zlib' })).toEqual(text);
  });

  it('gives nothing of more, or its beginning', () => {
    const packed = deflateSync(zeros);
    expect(inflateWithin(packed, 1e6 - 1, { wrapping: 'raw' })).toBeUndefined();
    expect(inflateWithin(packed, 1000, { wrapping: 'raw', part: true })).toHaveLength(1000);
  });

  it('gives nothing of what is damaged or cut off', () => {
    const packed = zlibSync(text);
    expect(inflateWithin(packed.slice(0, 20), 1e5, { wrapping: 'zlib' })).toBeUndefined();
    expect(inflateWithin(text, 1e5, { wrapping: 'zlib' })).toBeUndefined();
  });
});

describe('a Keras file whose weights unpack to more than a network can use', () => {
  it('is not unpacked', () => {
    const bytes = zipSync({
      'config.json': strToU8('{}'),
      'model.weights.h5': new Uint8Array(1e5),
    });
    expect(errorOf(() => readKerasFile(bytes, 'a', 5000)).message).toBe(
      'a: keras: model.weights.h5 unpacks to 100000 bytes but at most 5000 can be used',
    );
  });
});
