import { describe, expect, it } from 'vitest';
import { digestErrors, goldenSketch } from './digest.ts';
import { goldenBatch, goldenLabels, goldenNoise, goldenSeed, goldenTensor } from './generator.ts';
import { hwioToOihw, nchwToNhwc, nhwcToNchw, oihwToHwio } from './layout.ts';
import { goldenParameter, goldenStateDict } from './parameters.ts';
import { readGolden } from './readGolden.ts';

const golden = readGolden('generator.safetensors');
const stored = (name: string) => golden.array(name).values;

describe('golden generator equals its Python twin', () => {
  it('hashes names', () => {
    const names = ['', 'a', 'layer1.0.conv1.weight', 'größe'];
    expect(names.map(goldenSeed)).toEqual(golden.fact('seeds'));
  });

  it('makes tensors', () => {
    expect(goldenTensor('uniform', [5, 7])).toEqual(stored('uniform'));
    expect(goldenTensor('scaled', [3, 4, 3, 3], Math.sqrt(6 / 36), 0.25)).toEqual(stored('scaled'));
    expect(goldenTensor('tail', [100_003], 3).slice(-16)).toEqual(stored('tail'));
  });

  it('makes labels and sample positions', () => {
    expect(goldenLabels('labels', 32, 10)).toEqual(stored('labels'));
    expect(goldenLabels('indices#samples', 8, 123_456_789)).toEqual(stored('indices'));
  });

  it('makes parameters', () => {
    const shapes = {
      'conv1.weight': [4, 3, 3, 3],
      'bn1.weight': [6],
      'bn1.bias': [6],
      'bn1.running_mean': [6],
      'bn1.running_var': [6],
      'fc.weight': [2, 6],
      'fc.bias': [6],
    };
    for (const norm of [0.5, 'fresh'] as const) {
      for (const [name, values] of Object.entries(goldenStateDict(shapes, norm))) {
        expect(Array.from(values), name).toEqual(Array.from(stored(`${norm}/${name}`)));
      }
    }
    expect(goldenParameter('conv1.weight', [4, 3, 3, 3], 0.5)).toEqual(stored('0.5/conv1.weight'));
  });

  it('makes batches', () => {
    const { images, labels } = goldenBatch('batch.0', [4, 3, 5, 3], 10);
    expect(images).toEqual(stored('batch.images'));
    expect(labels).toEqual(stored('batch.labels'));
    const noise = goldenNoise('net.0', [2, 3, 5, 3], 1000);
    expect(noise.images).toEqual(stored('noise.images'));
    expect(noise.labels).toEqual(stored('noise.labels'));
  });

  it('sketches', () => {
    const sketch = goldenSketch('sketch', goldenTensor('sketch', [1000]));
    stored('sketch').forEach((row, k) => expect(sketch[k]).toBeCloseTo(row, 11));
  });
});

describe('digest', () => {
  const truth = goldenTensor('truth', [5000]);
  const at = goldenLabels('t#samples', 4, truth.length);
  const digest = {
    norm: Math.hypot(...truth),
    f32Error: 0,
    samples: Array.from(at, (i) => truth[i]!),
    sketch: Array.from(goldenSketch('t', truth)),
  };

  it('finds no error in the truth', () => {
    const { error, norm, sample } = digestErrors('t', truth, digest);
    expect(error).toBe(0);
    expect(norm).toBeLessThan(1e-12);
    expect(sample).toBe(0);
  });

  it('estimates the norm of an error within a factor of two', () => {
    const noise = goldenTensor('noise', [5000], 1e-3);
    const { error } = digestErrors(
      't',
      truth.map((value, i) => value + noise[i]!),
      digest,
    );
    const actual = Math.hypot(...noise);
    expect(error).toBeGreaterThan(actual / 2);
    expect(error).toBeLessThan(actual * 2);
  });

  it('sees two elements exchanged', () => {
    const exchanged = truth.slice();
    [exchanged[1], exchanged[0]] = [truth[0]!, truth[1]!];
    expect(digestErrors('t', exchanged, digest).error).toBeGreaterThan(0);
  });
});

describe('layout', () => {
  it('moves axes there and back', () => {
    const values = goldenTensor('layout', [2, 3, 4, 5]);
    const nhwc = nchwToNhwc(values, [2, 3, 4, 5]);
    expect(nhwc[((1 * 4 + 2) * 5 + 3) * 3 + 1]).toBe(values[((1 * 3 + 1) * 4 + 2) * 5 + 3]);
    expect(Array.from(nhwcToNchw(nhwc, [2, 4, 5, 3]))).toEqual(Array.from(values));
    const hwio = oihwToHwio(values, [2, 3, 4, 5]);
    expect(hwio[((2 * 5 + 3) * 3 + 1) * 2 + 1]).toBe(values[((1 * 3 + 1) * 4 + 2) * 5 + 3]);
    expect(Array.from(hwioToOihw(hwio, [4, 5, 3, 2]))).toEqual(Array.from(values));
  });
});
