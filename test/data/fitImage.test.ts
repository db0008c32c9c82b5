import { describe, expect, it } from 'vitest';
import { DATASETS, type DatasetFacts } from '../../ts/data/catalog.ts';
import { fitImage } from '../../ts/data/fitImage.ts';
import { loadDataset } from '../../ts/data/node/datasets.ts';
import { decodePng } from '../../ts/io/png.ts';
import { resize } from '../../ts/io/resize.ts';
import type { Image } from '../../ts/io/image.ts';
import { RandomStream } from '../../ts/base/random.ts';
import { readGoldenJson } from '../golden/readGolden.ts';

const { mnist, cifar10 } = DATASETS;
/** Grey pictures of which nobody knows how they were made. */
const greys: DatasetFacts = { ...mnist, name: 'greys', preparation: undefined };

const filled = (
  width: number,
  height: number,
  channels: Image['channels'],
  value: number,
): Image => ({
  width,
  height,
  channels,
  data: new Uint8Array(width * height * channels).fill(value),
});

const dot = (ground: number, ink: number): Image => {
  const image = filled(28, 28, 1, ground);
  image.data[400] = ink;
  return image;
};

describe('fitImage without a preparation', () => {
  it('leaves a picture of the right kind alone', () => {
    const image = dot(0, 255);
    const fitted = { pixels: image.data, changes: [], blank: false };
    expect(fitImage(image, greys)).toEqual(fitted);
  });

  it('keeps proportions and fills up with the colour of the border', () => {
    const { pixels, changes } = fitImage(filled(64, 16, 3, 40), cifar10);
    expect(changes).toEqual(['resized from 64 × 16 to 32 × 32']);
    expect(pixels).toEqual(new Uint8Array(32 * 32 * 3).fill(40));
  });

  it('makes colour of grey, and does not invert photographs', () => {
    const { pixels, changes } = fitImage(filled(32, 32, 1, 250), cifar10);
    expect(changes).toEqual(['made RGB']);
    expect(pixels).toEqual(new Uint8Array(32 * 32 * 3).fill(250));
  });

  it('inverts a dark digit on light ground', () => {
    const { pixels, changes } = fitImage(dot(255, 0), greys);
    expect(changes).toEqual(['inverted, as it is dark on light']);
    expect([pixels[0], pixels[400]]).toEqual([0, 255]);
  });

  it('takes a single pixel', () => {
    expect(fitImage(filled(1, 1, 4, 0), greys).pixels).toHaveLength(784);
  });

  it('lays light colours over black, and others over white', () => {
    const white = filled(32, 32, 4, 255);
    white.data[3] = 0;
    const onBlack = fitImage(white, cifar10);
    expect(onBlack.changes[0]).toBe('laid over black, as it is light on transparent ground');
    expect([...onBlack.pixels.subarray(0, 6)]).toEqual([0, 0, 0, 255, 255, 255]);
    const red = filled(32, 32, 4, 255);
    for (let at = 0; at < red.data.length; at += 4) red.data.set([255, 0, 0, at ? 255 : 0], at);
    expect([...fitImage(red, cifar10).pixels.subarray(0, 6)]).toEqual([255, 255, 255, 255, 0, 0]);
  });

  it('says when all of it is alike', () => {
    expect(fitImage(filled(40, 20, 3, 9), cifar10).blank).toBe(true);
    expect(fitImage(dot(9, 10), greys).blank).toBe(false);
  });
});

/** Made by scripts/goldens/pictures.py: Pillow 13.0.0, numpy 2.4.6. */
const golden = readGoldenJson<{
  cases: { name: string; png: string; pixels: string }[];
  blank: { name: string; png: string }[];
}>('pictures/preparedDigits.json');
const imageOf = (base64: string): Promise<Image> =>
  decodePng(Uint8Array.from(Buffer.from(base64, 'base64')));

describe('fitImage for MNIST', () => {
  it.each(golden.cases)('prepares $name as MNIST was', async ({ png, pixels }) => {
    const fitted = fitImage(await imageOf(png), mnist);
    expect(fitted.blank).toBe(false);
    const expected = Buffer.from(pixels, 'base64');
    // Scaling rounds twice, in Pillow with weights of 22 bits; stretching may double that.
    const worst = fitted.pixels.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - expected[at]!)),
      0,
    );
    expect(worst).toBeLessThanOrEqual(2);
  });

  it.each(golden.blank)('says that there is no ink: $name', async ({ png }) => {
    expect(fitImage(await imageOf(png), mnist)).toMatchObject({
      blank: true,
      pixels: new Uint8Array(784),
    });
  });

  it('knows its preparation by its name where a checkpoint does not say', async () => {
    const { preparation, ...old } = mnist;
    const image = await imageOf(golden.cases[4]!.png);
    expect(fitImage(image, old)).toEqual(fitImage(image, mnist));
    expect(preparation).toEqual({ inkSize: 20, centre: 'mass', fullContrast: true });
  });
});

describe("MNIST's own digits", async () => {
  const { images, labels } = await loadDataset('mnist', { split: 'test', limit: 500 });
  const digit = (index: number): Image => ({
    width: 28,
    height: 28,
    channels: 1,
    data: images.slice(784 * index, 784 * (index + 1)),
  });
  const all = Array.from({ length: 500 }, (_, index) => digit(index));

  it('stay as they are', () => {
    for (const image of all) {
      const { pixels, changes } = fitImage(image, mnist);
      expect(changes).toEqual([]);
      expect(pixels).toBe(image.data);
    }
  });

  /** A digit on a sheet, its top left corner at (left, top). */
  function onSheet(image: Image, width: number, height: number, left: number, top: number): Image {
    const data = new Uint8Array(width * height);
    for (let y = 0; y < image.height; y++) {
      const row = image.data.subarray(y * image.width, (y + 1) * image.width);
      data.set(row, (top + y) * width + left);
    }
    return { width, height, channels: 1, data };
  }

  it('come out the same to the last bit from anywhere on a sheet, inverted or not', () => {
    const random = new RandomStream(8, 'sheets');
    let same = 0;
    for (const image of all) {
      const sheet = onSheet(image, 200, 90, random.below(172), random.below(62));
      const dark = random.below(2) === 1;
      if (dark) sheet.data.forEach((value, at) => (sheet.data[at] = 255 - value));
      const { pixels } = fitImage(sheet, mnist);
      if (pixels.every((value, at) => value === image.data[at])) same++;
    }
    // MNIST's box is 19 pixels in 3 of 10,000 test images, which are scaled to 20 here.
    expect(same).toBeGreaterThanOrEqual(499);
  });

  describe('drawn by others are read as well as the originals', async () => {
    const known = await loadDataset('mnist', { split: 'train', limit: 3000 });
    /** The class of the training picture that is nearest: what a network says, without one. */
    const nearest = (pixels: Uint8Array): number => {
      let [least, label] = [Infinity, -1];
      for (let n = 0; n < known.count; n++) {
        let sum = 0;
        for (let at = 0; at < 784 && sum < least; at++) {
          sum += (pixels[at]! - known.images[784 * n + at]!) ** 2;
        }
        if (sum < least) [least, label] = [sum, known.labels[n]!];
      }
      return label;
    };
    const digits = all.slice(0, 100);
    const originals = digits.filter(({ data }, index) => nearest(data) === labels[index]).length;

    it.each<[string, (image: Image) => Image]>([
      ['half as large', (image) => onSheet(resize(image, 14, 14), 28, 28, 7, 7)],
      ['off the middle', (image) => onSheet(resize(image, 56, 56), 112, 112, 50, 4)],
      ['on a wide sheet', (image) => onSheet(resize(image, 84, 84), 400, 120, 300, 20)],
    ])('%s', (_, draw) => {
      const right = digits.filter(
        (image, index) => nearest(fitImage(draw(image), mnist).pixels) === labels[index],
      );
      expect(right.length).toBeGreaterThanOrEqual(originals);
    });
  });
});

describe('fitImage for Fashion-MNIST', () => {
  const fashion = DATASETS['fashion-mnist'];

  it('trims a garment on white ground, and keeps its grey', () => {
    const photograph = filled(100, 140, 3, 253);
    for (let y = 20; y < 132; y++) {
      for (let x = 30; x < 58; x++)
        photograph.data.fill(153, 3 * (y * 100 + x), 3 * (y * 100 + x) + 3);
    }
    const { pixels, blank } = fitImage(photograph, fashion);
    expect(blank).toBe(false);
    // 28 × 112 pixels become 7 × 28, in the middle of 28 columns; 253 − 153 is their grey.
    const row = Array.from({ length: 28 }, (_, x) => (x >= 10 && x < 17 ? 100 : 0));
    for (const y of [0, 13, 27]) expect([...pixels.subarray(28 * y, 28 * y + 28)]).toEqual(row);
  });

  it("leaves the data set's own pictures alone", () => {
    const bag = filled(28, 28, 1, 0);
    for (let y = 4; y < 28; y++) bag.data.fill(90 + y, 28 * y, 28 * y + 28);
    expect(fitImage(bag, fashion)).toEqual({ pixels: bag.data, changes: [], blank: false });
  });
});
