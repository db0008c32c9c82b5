import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../ts/base/errors.ts';
import { type Image, toGrey, toRgb } from '../../ts/io/image.ts';
import { readImage } from '../../ts/io/node/image.ts';
import { decodePng } from '../../ts/io/png.ts';
import { resize } from '../../ts/io/resize.ts';
import { readGoldenJson } from '../golden/readGolden.ts';
import { errorOf, randomBytes } from '../data/generated.ts';

const png = (base64: string) => decodePng(Buffer.from(base64, 'base64'), 'a.png');

describe('decodePng', () => {
  it.each([1, 2, 3, 4] as const)('reads %i channels, plain and interlaced', async (channels) => {
    const data = randomBytes(7 * 5 * channels);
    const image = { width: 7, height: 5, channels, data };
    expect(await decodePng(encode(image), 'a.png')).toEqual(image);
    expect(await decodePng(encode(image, { interlace: 'Adam7' }), 'a.png')).toEqual(image);
  });

  it('narrows 16 bits to 8', async () => {
    const data = Uint16Array.of(0, 128, 129, 257, 65535, 32767);
    const bytes = encode({ width: 3, height: 2, channels: 1, depth: 16, data });
    expect([...(await decodePng(bytes, 'a.png')).data]).toEqual([0, 0, 1, 1, 255, 127]);
  });

  // The small files below were written by Pillow 13.0.0.
  it('reads samples of one bit', async () => {
    const { channels, data } = await png(
      'iVBORw0KGgoAAAANSUhEUgAAAAoAAAADAQAAAACCRqPYAAAAEUlEQVR4nGPMFGfSPcD4/yAACqoDMu6lkSEAAAAASUVORK5CYII=',
    );
    const bits = '011010011010010110011111111111';
    expect(channels).toBe(1);
    expect([...data]).toEqual([...bits].map((bit) => 255 * Number(bit)));
  });

  it('reads a palette, with and without alpha', async () => {
    const opaque = await png(
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAADElEQVR4nGOQYJgAAADcAKls58AjAAAAAElFTkSuQmCC',
    );
    const [red, green, blue] = [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ] as const;
    expect(opaque).toMatchObject({ width: 3, height: 2, channels: 3 });
    expect([...opaque.data]).toEqual([red, green, blue, blue, green, red].flat());

    const { channels, data } = await png(
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAAA3RSTlMAgP/s97MYAAAADElEQVR4nGOQYJgAAADcAKls58AjAAAAAElFTkSuQmCC',
    );
    expect(channels).toBe(4);
    expect([...data.subarray(0, 12)]).toEqual([...red, 0, ...green, 128, ...blue, 255]);
  });

  it('reads a transparent grey and a transparent colour', async () => {
    const grey = await png(
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAAnRSTlMAB+j3WJsAAAAQSURBVHicY2RgZ2Jg/88IAAJYARLdJ/wnAAAAAElFTkSuQmCC',
    );
    expect(grey.channels).toBe(2);
    expect([...grey.data]).toEqual([0, 255, 7, 0, 9, 255, 7, 0, 255, 255, 1, 255]);
    const colour = await png(
      'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAABnRSTlMAAQACAAPJS6v1AAAAFklEQVR4nGNkZGJmZmZmYmZm+fv3LwAG4AMUbaAnCgAAAABJRU5ErkJggg==',
    );
    expect(colour.channels).toBe(4);
    expect([...colour.data]).toEqual([1, 2, 3, 0, 4, 5, 6, 255, 4, 5, 7, 255, 1, 2, 3, 0]);
  });

  const good = encode({ width: 7, height: 5, channels: 3, data: randomBytes(105) });
  const changed = (at: number, ...values: number[]) => {
    const bytes = good.slice();
    bytes.set(values, at);
    return bytes;
  };
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'file has 0 bytes but its header alone takes 29'],
    [
      'a JPEG',
      Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, ...new Uint8Array(40)),
      'begins with 0xffd8ffe0 but a PNG begins with 0x89504e47',
    ],
    [
      'a huge picture',
      changed(16, 0, 1, 0, 0, 0, 1, 0, 0),
      'has 65536 × 65536 pixels but 1 to 67108864 are allowed',
    ],
    ['no pixels', changed(16, 0, 0, 0, 0), 'has 0 × 5 pixels but 1 to 67108864 are allowed'],
    ['a damaged byte', changed(60, good[60]! ^ 1), 'CRC mismatch'],
    ['a truncated file', good.subarray(0, 80), 'file ends after 80 bytes but not its data'],
    [
      'a file without its end',
      good.subarray(0, -12),
      `file ends after ${good.length - 12} bytes but not its data`,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    const error = await decodePng(bytes, 'a.png').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    const text = (error as Error).message;
    expect(text.slice(0, 'a.png: png: '.length)).toBe('a.png: png: ');
    expect(text).toContain(message);
  });
});

describe('readImage', () => {
  it('reads a file, and names it when it cannot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'residua-image-'));
    const path = join(folder, 'a.png');
    const image = { width: 2, height: 1, channels: 1 as const, data: Uint8Array.of(3, 4) };
    await writeFile(path, encode(image));
    expect(await readImage(path)).toEqual(image);
    await writeFile(path, 'GIF89a');
    await expect(readImage(path)).rejects.toThrow(`${path}: png: file has 6 bytes`);
    await rm(folder, { recursive: true });
    await expect(readImage(path)).rejects.toThrow(`${path}: read: no such file or directory`);
  });
});

// Expected values are those of Pillow 13.0.0: convert('L') and resize(…, BILINEAR).
const grey: Image = {
  width: 13,
  height: 9,
  channels: 1,
  data: Uint8Array.from({ length: 117 }, (_, index) => {
    const [x, y] = [index % 13, Math.floor(index / 13)];
    return x * 37 + y * 91 + ((x * y) % 7) * 29;
  }),
};
const colour: Image = {
  width: 4,
  height: 3,
  channels: 3,
  data: Uint8Array.from({ length: 36 }, (_, index) => {
    const [channel, x, y] = [index % 3, Math.floor(index / 3) % 4, Math.floor(index / 12)];
    return x * 50 + y * 31 + channel * 77;
  }),
};

describe('toGrey and toRgb', () => {
  it('take luma as Pillow does', () => {
    const luma = [63, 113, 163, 184, 94, 144, 165, 64, 125, 146, 196, 95];
    expect([...toGrey(colour).data]).toEqual(luma);
  });

  it('lay alpha over white', () => {
    const clear: Image = {
      width: 3,
      height: 1,
      channels: 2,
      data: Uint8Array.of(9, 0, 9, 255, 0, 128),
    };
    expect(toGrey(clear)).toEqual({ ...clear, channels: 1, data: Uint8Array.of(255, 9, 127) });
    const data = Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0);
    const rgb = toRgb({ width: 2, height: 1, channels: 4, data });
    expect([...rgb.data]).toEqual([10, 20, 30, 255, 255, 255]);
    expect([...toGrey({ width: 2, height: 1, channels: 4, data }).data]).toEqual([18, 255]);
  });

  it('lay alpha over another ground when asked to', () => {
    const white: Image = {
      width: 2,
      height: 1,
      channels: 2,
      data: Uint8Array.of(255, 0, 255, 255),
    };
    expect([...toGrey(white, 0).data]).toEqual([0, 255]);
    expect([...toRgb(white, 0).data]).toEqual([0, 0, 0, 255, 255, 255]);
  });

  it('repeat grey', () => {
    const image: Image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 2) };
    expect(toRgb(image)).toEqual({ ...image, channels: 3, data: Uint8Array.of(1, 1, 1, 2, 2, 2) });
    expect(toRgb(colour)).toEqual(colour);
    expect(toGrey(image)).toEqual(image);
  });
});

describe('resize', () => {
  it.each([
    [
      4,
      5,
      [
        97, 124, 147, 111, 137, 93, 128, 124, 106, 140, 137, 94, 134, 113, 87, 144, 123, 92, 135,
        98,
      ],
    ],
    [
      3,
      13,
      [
        82, 91, 132, 116, 107, 187, 164, 85, 94, 135, 119, 110, 190, 108, 90, 136, 120, 46, 200,
        133, 111, 93, 111, 123, 49, 203, 134, 144, 174, 140, 67, 65, 94, 137, 147, 113, 143, 70, 68,
      ],
    ],
    [1, 1, [119]],
  ])('shrinks to %i × %i as Pillow does', (height, width, expected) => {
    const { data, ...size } = resize(grey, height, width);
    expect(size).toEqual({ height, width, channels: 1 });
    expect([...data]).toEqual(expected);
  });

  it('enlarges as Pillow does', () => {
    const rows = resize(grey, 11, 20).data;
    expect([...rows.subarray(0, 20)]).toEqual([
      0, 18, 42, 66, 90, 114, 138, 162, 186, 210, 151, 8, 26, 50, 74, 98, 122, 146, 170, 188,
    ]);
    expect([...rows.subarray(200)]).toEqual([
      216, 126, 34, 77, 120, 163, 206, 153, 36, 79, 139, 216, 100, 47, 90, 133, 176, 219, 127, 37,
    ]);
  });

  // By scripts/goldens/pictures.py, Pillow 13.0.0.
  const { cases } = readGoldenJson<{
    cases: {
      filter: 'bilinear' | 'bicubic';
      from: [number, number, Image['channels']];
      to: [number, number];
      pixels: string;
    }[];
  }>('pictures/resized.json');
  it.each(cases)('from $from to $to as Pillow does, $filter', ({ filter, from, to, pixels }) => {
    const [height, width, channels] = from;
    const data = Uint8Array.from({ length: height * width * channels }, (_, at) => {
      const [c, x, y] = [
        at % channels,
        Math.floor(at / channels) % width,
        Math.floor(at / channels / width),
      ];
      return x * 37 + y * 91 + ((x * y) % 7) * 29 + c * 77;
    });
    const found = resize({ height, width, channels, data }, ...to, { filter }).data;
    const expected = Buffer.from(pixels, 'base64');
    expect(found.length).toBe(expected.length);
    // Pillow's weights have 22 bits: a sum that lies between two bytes may fall to either side.
    const differences = found.map((value, at) => Math.abs(value - expected[at]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((difference) => difference > 0).length).toBeLessThanOrEqual(
      found.length / 1000,
    );
  });

  it('keeps channels apart', () => {
    expect([...resize(colour, 2, 2).data]).toEqual([
      48, 125, 188, 126, 162, 129, 86, 163, 135, 164, 132, 76,
    ]);
  });

  it('leaves an image of the right size alone', () => {
    expect(resize(colour, 3, 4)).toBe(colour);
  });

  it('refuses a size of nothing', () => {
    const error = errorOf(() => resize(grey, 0, 4));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('resize: height is 0 but must be a positive integer');
  });

  it('refuses a filter that there is not', () => {
    const error = errorOf(() => resize(grey, 4, 4, { filter: 'nearest' as 'bicubic' }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('resize: filter is "nearest" but must be "bilinear" or "bicubic"');
  });
});
