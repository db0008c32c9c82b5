import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';
import { FormatError } from '../../ts/base/errors.ts';
import { decodePng } from '../../ts/index.ts';
import { crc32 } from '../../ts/io/crc32.ts';
import type { Image } from '../../ts/io/image.ts';
import { pngTools } from '../../ts/io/node/pngTools.ts';
import { decodePngBy } from '../../ts/io/png.ts';
import { RandomStream } from '../../ts/base/random.ts';
import { readGoldenJson } from '../golden/readGolden.ts';

/** Written and read by scripts/goldens/pictures.py: Pillow 13.0.0, numpy 2.4.6. */
const golden = readGoldenJson<{
  cases: { name: string; png: string; channels: Image['channels']; pixels: string }[];
}>('pictures/pngKinds.json');
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

const decoders = {
  'in a page': (bytes: Uint8Array) => decodePng(bytes, 'a.png'),
  'in Node': (bytes: Uint8Array) => decodePngBy(pngTools, bytes, 'a.png'),
};

function chunk(type: string, contents: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + contents.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, contents.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(contents, 8);
  view.setUint32(8 + contents.length, crc32(bytes.subarray(4, 8 + contents.length)));
  return bytes;
}

interface Parts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced?: number;
  readonly chunks: readonly Uint8Array[];
}

function pngOf({ width, height, depth, colourType, interlaced = 0, chunks }: Parts): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, colourType, 0, 0, interlaced], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Uint8Array.from(
    Buffer.concat([signature, chunk('IHDR', header), ...chunks, chunk('IEND', new Uint8Array(0))]),
  );
}

const data = (rows: readonly number[] | Uint8Array): Uint8Array =>
  chunk('IDAT', deflateSync(Uint8Array.from(rows)));

describe.each(Object.entries(decoders))('decodePng %s', (_, decode) => {
  it.each(golden.cases)('reads $name', async ({ png, channels, pixels }) => {
    const image = await decode(bytesOf(png));
    expect(image.channels).toBe(channels);
    expect(image.data).toEqual(bytesOf(pixels));
  });

  const two = { width: 2, height: 1, depth: 8 };
  const palette = (...bytes: number[]) => chunk('PLTE', Uint8Array.from(bytes));
  it.each<[string, Parts, string]>([
    [
      'a picture of a palette that is not there',
      { ...two, colourType: 3, chunks: [data([0, 0, 1])] },
      'its pixels are of a palette but it has none',
    ],
    [
      'a palette of two bytes',
      { ...two, colourType: 3, chunks: [palette(1, 2), data([0, 0, 0])] },
      'palette has 2 bytes but takes 3 a colour, of 1 to 256 colours',
    ],
    [
      'a colour that the palette has not',
      { ...two, colourType: 3, chunks: [palette(1, 2, 3), data([0, 0, 1])] },
      'a pixel is of colour 1 but the palette has 1',
    ],
    [
      'more alpha values than colours',
      {
        ...two,
        colourType: 3,
        chunks: [palette(1, 2, 3), chunk('tRNS', Uint8Array.of(0, 1)), data([0, 0, 0])],
      },
      'tRNS has 2 alpha values but the palette 1 colours',
    ],
    [
      'a transparent grey of one byte',
      { ...two, colourType: 0, chunks: [chunk('tRNS', Uint8Array.of(1)), data([0, 1, 2])] },
      'tRNS has 1 bytes but a colour of 1 samples takes 2',
    ],
    [
      'a transparent colour that is a grey',
      {
        ...two,
        colourType: 2,
        chunks: [chunk('tRNS', Uint8Array.of(0, 1)), data([0, 1, 2, 3, 4, 5, 6])],
      },
      'tRNS has 2 bytes but a colour of 3 samples takes 6',
    ],
    [
      'a row too few',
      { ...two, height: 2, colourType: 0, chunks: [data([0, 1, 2])] },
      'data: ends after 3 bytes but 2 × 2 pixels take 6',
    ],
    [
      'no data',
      { ...two, colourType: 0, chunks: [] },
      'data: 2 × 1 pixels take 3 bytes but the 0 that are there cannot unpack to so many',
    ],
    [
      'a small file that claims to be a huge picture',
      { width: 8000, height: 8000, depth: 16, colourType: 6, chunks: [data([0, 1, 2])] },
      'data: 8000 × 8000 pixels take 512008000 bytes but the 11 that are there cannot unpack to so many',
    ],
    [
      'data that is no zlib stream',
      { ...two, colourType: 0, chunks: [chunk('IDAT', Uint8Array.of(1, 2, 3, 4))] },
      'data: is no whole zlib stream',
    ],
    [
      'a filter that PNG does not have',
      { ...two, colourType: 0, chunks: [data([5, 1, 2])] },
      'row 0: filter is 5 but must be 0 to 4',
    ],
    [
      'a depth that its colours do not come in',
      { ...two, depth: 4, colourType: 2, chunks: [data([0, 1])] },
      'colour type 2 with 4 bits a sample is none that PNG has',
    ],
    [
      'an interlace that PNG does not have',
      { ...two, colourType: 0, interlaced: 2, chunks: [data([0, 1, 2])] },
      'compression 0, filter 0, interlace 2 but known are 0, 0, 0 or 1',
    ],
    [
      'a chunk that is needed and not known',
      { ...two, colourType: 0, chunks: [chunk('CgBI', new Uint8Array(4)), data([0, 1, 2])] },
      'needs its chunk "CgBI" but this code does not know it',
    ],
  ])('refuses %s', async (_, parts, message) => {
    const error = await decode(pngOf(parts)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toBe(`a.png: png: ${message}`);
  });

  it('does not unpack more than the picture takes', async () => {
    const rows = new Uint8Array(1 << 22);
    rows.set([0, 7, 9]);
    const parts = { ...two, colourType: 0, chunks: [data(rows)] };
    expect([...(await decode(pngOf(parts))).data]).toEqual([7, 9]);
  });

  it('reads a picture of 16 bits in pieces', async () => {
    const side = 1024;
    const random = new RandomStream(1, 'png');
    const rows = new Uint8Array(side * (1 + 2 * side));
    for (let y = 0; y < side; y++) {
      for (let x = 1; x <= 2 * side; x++) rows[y * (1 + 2 * side) + x] = random.uint32() & 255;
    }
    const packed = deflateSync(rows);
    const halves = [packed.subarray(0, 1 << 20), packed.subarray(1 << 20)];
    const file = pngOf({
      width: side,
      height: side,
      depth: 16,
      colourType: 0,
      chunks: halves.map((half) => chunk('IDAT', half)),
    });
    const { channels, data: pixels } = await decode(file);
    expect(channels).toBe(1);
    const at = (y: number, x: number): number => {
      const from = y * (1 + 2 * side) + 1 + 2 * x;
      return Math.round(((rows[from]! << 8) | rows[from + 1]!) / 257);
    };
    for (const [y, x] of [
      [0, 0],
      [511, 700],
      [1023, 1023],
    ] as const) {
      expect(pixels[y * side + x]).toBe(at(y, x));
    }
    const wrong = pixels.findIndex(
      (value, pixel) => value !== at(Math.floor(pixel / side), pixel % side),
    );
    expect(wrong).toBe(-1);
  });

  it('refuses every file with a damaged byte', async () => {
    const good = bytesOf(golden.cases[9]!.png);
    const random = new RandomStream(3, 'damage');
    for (let round = 0; round < 100; round++) {
      const bad = good.slice();
      bad[random.below(bad.length - 12)]! ^= 1 << random.below(8);
      await expect(decode(bad)).rejects.toBeInstanceOf(FormatError);
    }
  });
});

describe('memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'residua-png-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is that of the result: a large picture of 16 bits in a heap of 48 MB', async () => {
    const side = 2048;
    const rows = new Uint8Array(side * (1 + 6 * side));
    rows[1] = 255;
    const file = pngOf({
      width: side,
      height: side,
      depth: 16,
      colourType: 2,
      chunks: [data(rows)],
    });
    writeFileSync(join(folder, 'large.png'), file);
    const script = join(folder, 'decode.mjs');
    await build({
      stdin: {
        contents: `
          import { readImage } from './ts/io/node/image.ts';
          const before = process.resourceUsage().maxRSS;
          const { data } = await readImage(${JSON.stringify(join(folder, 'large.png'))});
          const grown = (process.resourceUsage().maxRSS - before) * 1024;
          console.log(JSON.stringify({ bytes: data.length, first: data[0], grown }));`,
        resolveDir: root,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: script,
      logLevel: 'error',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--max-old-space-size=48',
      script,
    ]);
    const { bytes, first, grown } = JSON.parse(stdout) as Record<string, number>;
    expect([bytes, first]).toEqual([3 * side * side, 254]);
    expect(grown).toBeLessThan(3 * bytes!);
  });
});

describe('crc32', () => {
  it.each([
    ['', 0],
    ['123456789', 0xcbf43926],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
  ])('of %j', (text, expected) => {
    expect(crc32(new TextEncoder().encode(text))).toBe(expected);
  });
});
