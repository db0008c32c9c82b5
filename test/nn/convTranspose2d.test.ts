import { afterAll, beforeAll, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { loadWeights, saveWeights } from '../../ts/io/weights.ts';
import { ConvTranspose2d } from '../../ts/nn/convTranspose2d.ts';
import { manualSeed } from '../../ts/nn/seed.ts';
import { nchwToNhwc } from '../golden/layout.ts';
import { goldenCases } from '../golden/opCases.ts';
import { expectClose } from '../helpers/close.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
beforeAll(() => useEngine(engine));
afterAll(() => engine.close());

it("takes torch's names and layout, and gives them back", () => {
  const golden = goldenCases('convTranspose2d').find(({ name }) => name === 'groups')!;
  const { x, w, b } = golden.inputs as Record<'x' | 'w' | 'b', (typeof golden.inputs)[string]>;
  const layer = new ConvTranspose2d(8, 12, { kernelSize: 4, stride: 2, padding: 1, groups: 4 });
  const file = new Map(
    Object.entries({ weight: w, bias: b }).map(([name, { shape, values }]) => [
      name,
      { dtype: 'F32' as const, shape, data: values },
    ]),
  );
  loadWeights(layer, file);
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const y = layer.forward(tensor(nchwToNhwc(x.values, x.shape), [n, height, width, c]));
  const expected = golden.expected.y!;
  const inOurs = nchwToNhwc(Float32Array.from(expected.values), expected.shape);
  expectClose(y.data(), inOurs, 1e-6, 'y');
  const saved = saveWeights(layer).tensors.get('weight')!;
  expect(saved.shape).toEqual(w.shape);
  expect(saved.data).toEqual(w.values);
});

it('starts within ±1/√(KH·KW·O/groups), as in PyTorch', () => {
  manualSeed(3);
  const layer = new ConvTranspose2d(32, 24, { kernelSize: [3, 2], groups: 4 });
  const bound = 1 / Math.sqrt(3 * 2 * 6);
  for (const values of [layer.weight.data(), layer.bias!.data()]) {
    const largest = Math.max(...values.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.8 * bound);
  }
  expect(layer.describe()).toBe('ConvTranspose2d 3×2, 24');
});

it('refuses what no layer can be', () => {
  const options = { kernelSize: 2, groups: 3 };
  expect(() => new ConvTranspose2d(4, 6, options)).toThrow(
    new RangeError('ConvTranspose2d: 3 groups do not divide 4 and 6 channels'),
  );
  const same = { kernelSize: 2, padding: 'same' as unknown as number };
  expect(() => new ConvTranspose2d(1, 1, same)).toThrow(
    'ConvTranspose2d: padding is "same" but must be a number, [height, width] or [top, right, bottom, left]',
  );
});
