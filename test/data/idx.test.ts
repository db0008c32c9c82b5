import { describe, expect, it } from 'vitest';
import { DATASETS } from '../../ts/data/catalog.ts';
import { parseIdxImages, parseIdxLabels } from '../../ts/data/idx.ts';
import { idxDataset } from '../../ts/data/idxDataset.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { errorOf, idxFile, randomBytes } from './generated.ts';

const images = (bytes: Uint8Array) => parseIdxImages({ file: 'images', bytes });
const labels = (bytes: Uint8Array) => parseIdxLabels({ file: 'labels', bytes });

describe('IDX', () => {
  it('reads images', () => {
    const data = randomBytes(2 * 3 * 4);
    const parsed = images(idxFile([2, 3, 4], data));
    expect(parsed).toEqual({ count: 2, height: 3, width: 4, data });
  });

  it('reads images at an odd place in a larger buffer', () => {
    const data = randomBytes(6);
    const larger = new Uint8Array(40);
    larger.set(idxFile([1, 2, 3], data), 5);
    expect(images(larger.subarray(5, 5 + 22)).data).toEqual(data);
  });

  it('reads labels', () => {
    expect(labels(idxFile([3], Uint8Array.of(7, 2, 1)))).toEqual(Uint8Array.of(7, 2, 1));
  });

  const gzipped = Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0);
  it.each([
    [
      'labels where images should be',
      () => images(idxFile([9], randomBytes(9))),
      'images: magic: 0x00000801 but an IDX file of images begins with 0x00000803',
    ],
    [
      'a gzip file',
      () => labels(gzipped),
      'labels: magic: 0x1f8b0808 but an IDX file of labels begins with 0x00000801',
    ],
    [
      'an empty file',
      () => images(new Uint8Array(0)),
      'images: header: file has 0 bytes but the header takes 16',
    ],
    [
      'half a header',
      () => images(idxFile([2, 2, 2], randomBytes(8)).subarray(0, 10)),
      'images: header: file has 10 bytes but the header takes 16',
    ],
    [
      'no images',
      () => images(idxFile([0, 28, 28], new Uint8Array(0))),
      'images: count: is 0 but must be positive',
    ],
    [
      'no width',
      () => images(idxFile([1, 28, 0], new Uint8Array(0))),
      'images: width: is 0 but must be positive',
    ],
    [
      'a truncated file',
      () => images(idxFile([2, 3, 4], randomBytes(23))),
      'images: length: header says 2 × 3 × 4 = 24 bytes but 23 follow it',
    ],
    [
      'bytes too many',
      () => labels(idxFile([3], randomBytes(4))),
      'labels: length: header says 3 = 3 bytes but 4 follow it',
    ],
    [
      'an absurd count',
      () => images(idxFile([0xffffffff, 28, 28], randomBytes(784))),
      'images: length: header says 4294967295 × 28 × 28 = 3367254359280 bytes but 784 follow it',
    ],
  ])('refuses %s', (_, act, message) => {
    const error = errorOf(act);
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(message);
  });
});

describe('idxDataset', () => {
  const pair = (sizes: number[], labels: Uint8Array) =>
    idxDataset(
      DATASETS.mnist,
      {
        file: 'images',
        bytes: idxFile(sizes, randomBytes(sizes.reduce((product, size) => product * size))),
      },
      { file: 'labels', bytes: idxFile([labels.length], labels) },
    );

  it('joins images and labels', () => {
    const dataset = pair([2, 28, 28], Uint8Array.of(3, 9));
    expect(dataset).toMatchObject({ name: 'mnist', count: 2, height: 28, width: 28, channels: 1 });
    expect([...dataset.labels]).toEqual([3, 9]);
    expect(dataset.mean).toEqual([0.1307]);
  });

  it.each([
    [[2, 28, 28], [1], 'labels: count: 1 labels but images has 2 images'],
    [[1, 8, 9], [1], 'images: size: images are 8 × 9 but those of mnist are 28 × 28'],
    [[2, 28, 28], [1, 12], 'labels: label 1: is 12 but there are 10 classes (0 to 9)'],
  ])('refuses images %j with labels %j', (sizes, labels, message) => {
    const error = errorOf(() => pair(sizes, Uint8Array.from(labels)));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(message);
  });
});
