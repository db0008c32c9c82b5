import { describe, expect, it } from 'vitest';
import { fitImage } from '../../ts/cli/fitImage.ts';
import { DATASETS } from '../../ts/data/catalog.ts';
import type { Image } from '../../ts/io/image.ts';

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

describe('fitImage', () => {
  it('leaves a picture of the right kind alone', () => {
    const image = filled(28, 28, 1, 0);
    image.data[400] = 255;
    expect(fitImage(image, DATASETS.mnist)).toEqual({ pixels: image.data, changes: [] });
  });

  it('keeps proportions and fills up with the colour of the border', () => {
    const { pixels, changes } = fitImage(filled(64, 16, 3, 40), DATASETS.cifar10);
    expect(changes).toEqual(['resized from 64 × 16 to 32 × 32']);
    expect(pixels).toEqual(new Uint8Array(32 * 32 * 3).fill(40));
  });

  it('makes colour of grey, and does not invert photographs', () => {
    const { pixels, changes } = fitImage(filled(32, 32, 1, 250), DATASETS.cifar10);
    expect(changes).toEqual(['made RGB']);
    expect(pixels).toEqual(new Uint8Array(32 * 32 * 3).fill(250));
  });

  it('inverts a dark digit on light ground', () => {
    const image = filled(28, 28, 1, 255);
    image.data[400] = 0;
    const { pixels, changes } = fitImage(image, DATASETS.mnist);
    expect(changes).toEqual(['inverted, as it is dark on light']);
    expect([pixels[0], pixels[400]]).toEqual([0, 255]);
  });

  it('takes a single pixel', () => {
    expect(fitImage(filled(1, 1, 4, 0), DATASETS.mnist).pixels).toHaveLength(784);
  });
});
