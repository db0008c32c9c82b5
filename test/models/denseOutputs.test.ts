import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { useEngine } from '../../ts/core/init.ts';
import { dot } from '../../ts/functions/dot.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { rdn, type ResidualDenseNetOptions } from '../../ts/models/rdn.ts';
import { unet_resnet18, unet_resnet34, unet_resnet50 } from '../../ts/models/unet.ts';
import type { Module } from '../../ts/nn/module.ts';
import { inferShape } from '../../ts/nn/inferShape.ts';
import { sizeOf } from '../../ts/base/shape.ts';
import { goldenTensor } from '../golden/generator.ts';
import { nchwToNhwc, nhwcToNchw } from '../golden/layout.ts';
import { readGolden } from '../golden/readGolden.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import {
  goldenImages,
  groupErrors,
  inTorchOrder,
  loadGolden,
  relativeError,
  ROUNDING,
} from '../helpers/goldenModel.ts';

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

/** Times the error of torch's own f32 that a result may have, all in all and for the worst single tensor. */
const [ALL, WORST] = [2, 5];
/** Error of outputs, and so of a loss, that fast numerics may have in any case. */
const FAST_OUTPUTS = 2e-5;

const files = readdirSync(new URL('../golden/denseOutputs/', import.meta.url));

describe.each(engines)('$build against PyTorch in f64', (engine) => {
  it.each(files)('%s', async (file) => {
    useEngine(engine);
    const golden = readGolden(`denseOutputs/${file}`);
    const f32Error = golden.fact<Record<string, number>>('f32Error');
    const { images, shape } = goldenImages(golden.metadata.stream!, golden.fact<number[]>('shape'));
    const outputs = golden.fact<[number, number, number, number]>('outputs');
    const slopes = nchwToNhwc(goldenTensor(`${golden.metadata.stream!}.dy`, outputs, 1), outputs);
    const options = golden.fact<ResidualDenseNetOptions>('options');
    const model = golden.metadata.net!.startsWith('rdn') ? rdn(options) : unet_resnet18(options);
    loadGolden(model, golden.fact<number>('norm'));
    model.train(golden.metadata.mode === 'train');
    const weights = model.parameters();
    const [n, channels, height, width] = outputs;
    const plan = compile(
      (x, dy) => {
        const y = model.forward(x);
        const loss = multiply(dot(y, dy), 1 / sizeOf(outputs));
        return [y, loss, ...gradients(loss, [...weights.values()])];
      },
      [
        { shape, dtype: 'f32' },
        { shape: [n, height, width, channels], dtype: 'f32' },
      ],
    );
    const [y, loss, ...found] = await plan.run(images, Float32Array.from(slopes));
    const floor = engine.numerics === 'fast' ? FAST_OUTPUTS / ALL : ROUNDING;
    const check = (name: string, tensors: [string, ArrayLike<number>][], own: number): void => {
      const { total, worst } = groupErrors(new Map(tensors), golden.array(name));
      expect(total / own, `${name}: error ${total} over that of torch in f32`).toBeLessThan(ALL);
      expect(worst.ratio, `${name}: ${worst.name}`).toBeLessThan(
        name === 'outputs' ? Infinity : WORST,
      );
    };
    const inTorch = nhwcToNchw(y as Float32Array, [n, height, width, channels]);
    const ownOutputs = Math.max(f32Error['outputs']!, floor);
    check('outputs', [['y', inTorch]], ownOutputs);
    const lossError = relativeError(loss!, golden.array('loss').values);
    // One number may be near the truth by chance; it is as exact as the outputs that it is made of.
    const cancelled = Math.max(f32Error['loss']!, ownOutputs);
    expect(lossError / cancelled, 'loss').toBeLessThan(ALL);
    check(
      'gradients',
      [...weights].map(([name, weight], i) => [name, inTorchOrder(weight.shape, found[i]!)]),
      f32Error['gradients']!,
    );
    plan.dispose();
    model.dispose();
  });
});

describe('networks whose outputs are images', () => {
  const count = (model: Module): number =>
    [...model.parameters().values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

  it.each([
    ['unet_resnet18', unet_resnet18, 14_328_209],
    ['unet_resnet34', unet_resnet34, 24_436_369],
    ['unet_resnet50', unet_resnet50, 32_521_105],
    ['rdn', rdn, 22_123_395],
  ] as const)('%s has as many parameters as PyTorch’s', (_, make, parameters) => {
    const model = make();
    expect(count(model)).toBe(parameters);
    model.dispose();
  });

  it('take other channels and classes, and images of odd sizes', () => {
    const unet = unet_resnet18({ inChannels: 2, numClasses: 5 }).eval();
    expect(inferShape((x) => unet.forward(x), [1, 47, 35, 2])).toEqual([1, 47, 35, 5]);
    const net = rdn({ inChannels: 1, scale: 3, blocks: 1, layers: 2, growth: 4, width: 8 });
    expect(inferShape((x) => net.forward(x), [2, 5, 3, 1])).toEqual([2, 15, 9, 1]);
  });

  it('refuse a scale that there is not', () => {
    expect(() => rdn({ scale: 5 })).toThrow('ResidualDenseNet: scale is 5 but must be 2, 3 or 4');
  });
});
