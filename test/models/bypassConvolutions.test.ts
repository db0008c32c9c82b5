import { afterAll, beforeAll, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { bypassConvolutions } from '../../ts/experiments/bypassConvolutions.ts';
import { vgg11, type VGG, type VGGOptions } from '../../ts/models/vgg.ts';
import { scope } from '../../ts/core/scope.ts';
import { Random } from '../helpers/random.ts';

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

const make = (options: VGGOptions): VGG => vgg11({ stem: 'cifar', seed: 3, ...options });

/** What a net's features are of one image; batch norm and dropout are not in it. */
const features = (model: VGG): Float32Array =>
  scope(
    () =>
      model
        .eval()
        .forwardFeatures(tensor(new Random('image').floats(32 * 32 * 3), [1, 32, 32, 3]))
        .data() as Float32Array,
  );

it('leaves the shortcut of a skip, scaled by its gate', () => {
  const gated = make({ skips: [[7, 8]], gate: 'skip' });
  const plain = make({});
  const [, gate] = [...gated.parameters()].find(([name]) => name.endsWith('skip_gate'))!;
  gate.write([0.5]);
  for (const model of [gated, plain]) bypassConvolutions(model, 7, 8);
  const [half, whole] = [gated, plain].map(features) as [Float32Array, Float32Array];
  expect(whole.some((value) => value > 0)).toBe(true);
  expect(half).toEqual(whole.map((value) => value / 2));
});

it('takes the convolutions of a plain net out of its parameters', () => {
  const model = make({});
  const before = model.parameters().size;
  bypassConvolutions(model, 7, 8);
  expect(model.parameters().size).toBe(before - 4);
});

it('refuses a part of what a skip spans', () => {
  expect(() => bypassConvolutions(make({ skips: [[7, 8]] }), 8, 8)).toThrow(
    'bypassConvolutions: a skip spans convolutions 7 to 8, not 8 to 8',
  );
});
