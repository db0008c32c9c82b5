import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDataset } from '../../ts/data/node/datasets.ts';
import { readPickle } from '../../ts/data/node/pickle.ts';
import { readIdxFile } from '../../ts/data/node/readIdxFile.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { readGoldenJson } from '../golden/readGolden.ts';
import { errorOf, idxFile, randomBytes } from './generated.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residua-found-'));
});
afterEach(() => rm(folder, { recursive: true }));

const images = idxFile([3, 28, 28], randomBytes(3 * 784));
const labels = idxFile([3], Uint8Array.of(5, 0, 4));

async function write(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
}

describe('MNIST as it lies about', () => {
  it.each<[string, string, string, boolean]>([
    ['a dot before idx', 'train-images.idx3-ubyte', 'train-labels.idx1-ubyte', false],
    ['a dot, gzipped', 'train-images.idx3-ubyte.gz', 'train-labels.idx1-ubyte.gz', true],
    [
      "torchvision's folders",
      'MNIST/raw/train-images-idx3-ubyte',
      'MNIST/raw/train-labels-idx1-ubyte',
      false,
    ],
    ['a folder raw', 'raw/train-images-idx3-ubyte.gz', 'raw/train-labels-idx1-ubyte.gz', true],
    [
      'folders of the names of the files',
      'train-images-idx3-ubyte/train-images-idx3-ubyte',
      'train-labels-idx1-ubyte/train-labels-idx1-ubyte',
      false,
    ],
    [
      'folders of names with a dot',
      'train-images.idx3-ubyte/train-images-idx3-ubyte',
      'train-labels.idx1-ubyte/train-labels.idx1-ubyte',
      false,
    ],
    [
      '.gz that a browser unpacked',
      'train-images-idx3-ubyte.gz',
      'train-labels-idx1-ubyte.gz',
      false,
    ],
    ['gzipped without the ending', 'train-images-idx3-ubyte', 'train-labels-idx1-ubyte', true],
  ])('%s', async (_, imageFile, labelFile, gzipped) => {
    const packed = (bytes: Uint8Array): Uint8Array => (gzipped ? gzipSync(bytes) : bytes);
    await write(imageFile, packed(images));
    await write(labelFile, packed(labels));
    const dataset = await loadDataset('mnist', { directory: folder });
    expect([...dataset.labels]).toEqual([5, 0, 4]);
    expect(dataset.images).toEqual(images.subarray(16));
  });

  it("keeps torchvision's two data sets apart", async () => {
    for (const [name, label] of [
      ['MNIST', 1],
      ['FashionMNIST', 2],
    ] as const) {
      await write(`${name}/raw/t10k-images-idx3-ubyte`, images);
      await write(
        `${name}/raw/t10k-labels-idx1-ubyte`,
        idxFile([3], new Uint8Array(3).fill(label)),
      );
    }
    for (const [name, label] of [
      ['mnist', 1],
      ['fashion-mnist', 2],
    ] as const) {
      const { labels: found } = await loadDataset(name, { split: 'test', directory: folder });
      expect([...found]).toEqual([label, label, label]);
    }
  });

  it.each([
    ['mnist.npz', "is numpy's: get the four IDX files instead"],
    ['mnist_train.csv', 'is of another format: get the original files instead'],
    ['archive.zip', 'is packed: unpack it, and name the folder'],
  ])('names a %s', async (name, advice) => {
    await write(name, 'x');
    await expect(loadDataset('mnist', { directory: folder })).rejects.toThrow(
      `${folder}: read: neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is there: ` +
        `${join(folder, name)} ${advice}`,
    );
  });

  it('says what else is there', async () => {
    await write('notes.txt', 'x');
    await expect(loadDataset('mnist', { directory: folder })).rejects.toThrow(
      'train-images-idx3-ubyte.gz is there: it holds notes.txt',
    );
    const file = join(folder, 'notes.txt');
    await expect(loadDataset('mnist', { directory: file })).rejects.toThrow(
      `${file}: read: neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is there: ` +
        'it is no folder that can be read',
    );
  });
});

describe('a gzipped file', () => {
  it('unpacks no further than its header says', async () => {
    const long = new Uint8Array(1 << 23);
    long.set(idxFile([2, 28, 28], randomBytes(2 * 784)));
    await write('train-images-idx3-ubyte', gzipSync(long));
    const file = join(folder, 'train-images-idx3-ubyte');
    const { bytes } = await readIdxFile(file);
    // One byte more, by which the reader sees that the file is longer.
    expect(bytes.length).toBe(16 + 2 * 784 + 1);
    await expect(loadDataset('mnist', { directory: folder })).rejects.toThrow(
      'neither train-labels-idx1-ubyte nor',
    );
  });

  it('unpacks to a bounded size, whatever its header says', async () => {
    const zeros = new Uint8Array(1 << 22);
    zeros.set(idxFile([0x7fffffff, 28, 28], new Uint8Array(0)));
    await write('a', gzipSync(zeros));
    await expect(readIdxFile(join(folder, 'a'), 1 << 20)).rejects.toThrow(
      'gunzip: unpacks to more than the 1048576 bytes allowed',
    );
  });
});

/** Pickled by scripts/goldens/pictures.py, numpy 2.4.6: strings as Python 2 wrote them, and as Python 3 does. */
const golden = readGoldenJson<{
  cases: {
    name: string;
    data: 'cifar10' | 'cifar100';
    gzippedPickle: string;
    labels: number[];
    gzippedImages: string;
  }[];
}>('pictures/cifarPython.json');
const unpacked = (base64: string): Buffer => gunzipSync(Buffer.from(base64, 'base64'));

describe("CIFAR's Python version", () => {
  it.each(golden.cases)(
    '$name',
    async ({ data, gzippedPickle, labels: expected, gzippedImages }) => {
      const inner = data === 'cifar10' ? 'cifar-10-batches-py' : 'cifar-100-python';
      const file = data === 'cifar10' ? 'test_batch' : 'test';
      await write(join(inner, file), unpacked(gzippedPickle));
      for (const directory of [folder, join(folder, inner)]) {
        const dataset = await loadDataset(data, { split: 'test', directory });
        expect([...dataset.labels]).toEqual(expected);
        expect(Buffer.from(dataset.images)).toEqual(unpacked(gzippedImages));
      }
    },
  );

  it('reads five batches one after another', async () => {
    const batch = unpacked(golden.cases[0]!.gzippedPickle);
    for (const number of [1, 2, 3, 4, 5]) await write(`data_batch_${number}`, batch);
    const dataset = await loadDataset('cifar10', { directory: folder });
    expect(dataset.count).toBe(10);
    expect([...dataset.labels.slice(8)]).toEqual(golden.cases[0]!.labels);
  });

  it('prefers the binary version, which needs no reading of Python', async () => {
    await write('test_batch', 'no pickle');
    await write('test_batch.bin', Uint8Array.from([7, ...randomBytes(3072)]));
    const dataset = await loadDataset('cifar10', { split: 'test', directory: folder });
    expect([...dataset.labels]).toEqual([7]);
  });

  it.each<[string, Buffer | string, RegExp]>([
    ['no pickle', 'a page', /test_batch: pickle: /],
    [
      'a batch that ends early',
      unpacked(golden.cases[0]!.gzippedPickle).subarray(0, 3000),
      /test_batch: pickle: .*more bytes/,
    ],
    ['a pickled number', Buffer.from('\x80\x02K\x07.', 'latin1'), /is a pickle but no dict/],
    [
      'other labels than images',
      Buffer.from(
        unpacked(golden.cases[0]!.gzippedPickle).toString('latin1').replace('labels', 'lapels'),
        'latin1',
      ),
      /test_batch: cifar: has 2 images but of "labels" none/,
    ],
  ])('refuses %s', async (_, contents, message) => {
    await write('test_batch', contents);
    const attempt = loadDataset('cifar10', { split: 'test', directory: folder });
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(FormatError);
  });

  it('runs no code that a pickle asks for', () => {
    const bytes = new TextEncoder().encode('cos\ngetcwd\n(tR.');
    const error = errorOf(() => readPickle({ file: 'a', bytes }));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe('a: pickle: asks for os.getcwd, which is not read here');
  });

  it('names an archive that is still packed', async () => {
    await write('cifar-10-python.tar.gz', 'x');
    await expect(loadDataset('cifar10', { directory: folder })).rejects.toThrow(
      `${folder}: read: neither data_batch_1.bin nor data_batch_1 is there: ` +
        `${join(folder, 'cifar-10-python.tar.gz')} is packed: unpack it, and name the folder`,
    );
    const archive = join(folder, 'cifar-10-python.tar.gz');
    await expect(loadDataset('cifar10', { directory: archive })).rejects.toThrow(
      `${archive}: read: is packed: unpack it, and name the folder`,
    );
  });
});
