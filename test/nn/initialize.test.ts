import { afterAll, expect, it } from 'vitest';
import { withoutInitialWeights } from '../../ts/nn/initialize.ts';
import { resnet8 } from '../../ts/models/index.ts';
import { engineOn } from '../helpers/engines.ts';
import { useEngine } from '../../ts/core/init.ts';

const engine = await engineOn('simd');
afterAll(() => engine.close());

it('draws no weights for a network that is about to be loaded, and draws the next as ever', () => {
  useEngine(engine);
  const options = { inChannels: 1, seed: 7 };
  const drawn = resnet8(options);
  const empty = withoutInitialWeights(() => resnet8(options));
  expect(empty.conv1.weight.data().every((value) => value === 0)).toBe(true);
  expect(empty.fc.weight.data().every((value) => value === 0)).toBe(true);

  const weights = [...drawn.stateDict()].map(
    ([name, tensor]) => [name, { shape: tensor.shape, data: tensor.data() }] as const,
  );
  empty.loadStateDict(new Map(weights));
  expect(empty.conv1.weight.data()).toEqual(drawn.conv1.weight.data());
  expect(resnet8(options).conv1.weight.data()).toEqual(drawn.conv1.weight.data());
});

it('draws again after a constructor that throws', () => {
  useEngine(engine);
  expect(() =>
    withoutInitialWeights(() => {
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(
    resnet8({ seed: 1 })
      .conv1.weight.data()
      .some((value) => value !== 0),
  ).toBe(true);
});
