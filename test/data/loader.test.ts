import { describe, expect, it } from 'vitest';
import { DataLoader, type Batch, type DataLoaderOptions } from '../../ts/data/loader.ts';
import { normalise } from '../../ts/data/normalise.ts';
import { errorOf, randomDataset } from './generated.ts';

const dataset = randomDataset(21, 5, 4, 3);

async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const collected: Batch[] = [];
  for await (const batch of batches) collected.push(batch);
  return collected;
}

/** The value that the definition gives: crop and mirror of the padded image, then (v / 255 − mean) / std. */
function expectedSample(
  sample: number,
  top: number,
  left: number,
  mirrored: boolean,
): Float32Array {
  const { height, width, channels, images, mean, std } = dataset;
  const out = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromY = y + top;
      const fromX = (mirrored ? width - 1 - x : x) + left;
      const inside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width;
      for (let c = 0; c < channels; c++) {
        const at = ((sample * height + fromY) * width + fromX) * channels + c;
        const value = inside ? images[at]! : 0;
        out[(y * width + x) * channels + c] = (value / 255 - mean[c]!) / std[c]!;
      }
    }
  }
  return out;
}

describe('DataLoader', () => {
  it('gives all samples in order, normalised, with a smaller last batch', async () => {
    const loader = new DataLoader(dataset, { batchSize: 8 });
    const batches = await collect(loader);
    expect(loader.batches).toBe(3);
    expect(batches.map(({ shape }) => shape)).toEqual([
      [8, 5, 4, 3],
      [8, 5, 4, 3],
      [5, 5, 4, 3],
    ]);
    expect(batches.map(({ index, last }) => [index, last])).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
    expect(batches.flatMap(({ indices }) => [...indices])).toEqual(
      Array.from({ length: 21 }, (_, index) => index),
    );
    expect(batches.flatMap(({ labels }) => [...labels])).toEqual([...dataset.labels]);
    const all = Float32Array.from(batches.flatMap(({ images }) => [...images]));
    expect(all).toEqual(normalise(dataset.images, dataset));
    expect(all.slice(60, 120)).toEqual(expectedSample(1, 0, 0, false));
  });

  it('leaves a smaller last batch out when asked', async () => {
    const batches = await collect(new DataLoader(dataset, { batchSize: 8, dropLast: true }));
    expect(batches.map(({ labels }) => labels.length)).toEqual([8, 8]);
    expect(batches.at(-1)!.last).toBe(true);
  });

  it('has every sample once an epoch, in an order of its own', async () => {
    const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 5 });
    const order = async (epoch: number) =>
      (await collect(loader.epoch(epoch))).flatMap(({ indices }) => [...indices]);
    const first = await order(0);
    const second = await order(1);
    expect(first.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, i) => i));
    expect(second.toSorted((a, b) => a - b)).toEqual(first.toSorted((a, b) => a - b));
    expect(second).not.toEqual(first);
    expect(await order(0)).toEqual(first);
    const other = new DataLoader(dataset, { batchSize: 21, shuffle: true, seed: 6 });
    expect([...(await collect(other))[0]!.indices]).not.toEqual(first);
  });

  const training: DataLoaderOptions = {
    batchSize: 4,
    shuffle: true,
    seed: 3,
    augment: { crop: 2, flip: true },
  };

  it('crops and mirrors as the definition says, every way', async () => {
    const seen = new Set<string>();
    for (let epoch = 0; epoch < 40; epoch++) {
      for (const { images, indices } of await collect(
        new DataLoader(dataset, training).epoch(epoch),
      )) {
        indices.forEach((sample, slot) => {
          const found = images.subarray(slot * 60, (slot + 1) * 60);
          const way = ways.find(([top, left, mirrored]) =>
            found.every((value, at) => value === expected(sample, top, left, mirrored)[at]),
          );
          expect(way).toBeDefined();
          seen.add(String(way));
        });
      }
    }
    expect(seen.size).toBe(ways.length);
  });

  const ways: [top: number, left: number, mirrored: boolean][] = [];
  for (const mirrored of [false, true]) {
    for (let top = -2; top <= 2; top++) {
      for (let left = -2; left <= 2; left++) ways.push([top, left, mirrored]);
    }
  }
  const cache = new Map<string, Float32Array>();
  function expected(sample: number, top: number, left: number, mirrored: boolean): Float32Array {
    const key = `${sample} ${top} ${left} ${mirrored}`;
    if (!cache.has(key)) cache.set(key, expectedSample(sample, top, left, mirrored));
    return cache.get(key)!;
  }

  it('resumes an epoch at any batch with the same bits', async () => {
    const whole = await collect(new DataLoader(dataset, training).epoch(7));
    for (let startBatch = 0; startBatch <= whole.length; startBatch++) {
      const rest = new DataLoader(dataset, { ...training, epoch: 7, startBatch });
      expect(await collect(rest)).toEqual(whole.slice(startBatch));
    }
  });

  it('gives a sample the same change whatever the batch size', async () => {
    const [all] = await collect(
      new DataLoader(dataset, { ...training, shuffle: false, batchSize: 21 }).epoch(2),
    );
    const parts = await collect(new DataLoader(dataset, { ...training, shuffle: false }).epoch(2));
    expect(Float32Array.from(parts.flatMap(({ images }) => [...images]))).toEqual(all!.images);
  });

  it('writes into the same arrays when asked, with the same values', async () => {
    const fresh = await collect(new DataLoader(dataset, training));
    const loader = new DataLoader(dataset, { ...training, reuseBuffers: true });
    const arrays = new Set<Float32Array>();
    let index = 0;
    for await (const batch of loader) {
      expect(batch).toEqual(fresh[index++]);
      arrays.add(batch.images);
    }
    expect(arrays.size).toBe(2);
  });

  it.each([
    [{ batchSize: 0 }, 'loader: batchSize is 0 but must be an integer of at least 1'],
    [{ batchSize: 2.5 }, 'loader: batchSize is 2.5 but must be an integer of at least 1'],
    [{ batchSize: 1, seed: -1 }, 'loader: seed is -1 but must be an integer of at least 0'],
    [
      { batchSize: 1, augment: { crop: -4 } },
      'loader: augment.crop is -4 but must be an integer of at least 0',
    ],
    [
      { batchSize: 22, dropLast: true },
      'loader: random: 21 samples but dropLast wants batches of 22',
    ],
  ])('refuses %j', (options, message) => {
    const error = errorOf(() => new DataLoader(dataset, options));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe(message);
  });

  it('refuses to start behind the end', async () => {
    const loader = new DataLoader(dataset, { batchSize: 8, startBatch: 4 });
    await expect(collect(loader)).rejects.toThrow(
      'loader: random: startBatch is 4 but an epoch has 3 batches',
    );
  });
});
