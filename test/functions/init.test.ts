import { afterEach, expect, it } from 'vitest';
import { tensor, zeros } from '../../ts/core/create.ts';
import { currentEngine, init, useEngine } from '../../ts/core/init.ts';
import { add } from '../../ts/functions/add.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { cores } from '../../ts/kernels/cores.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

const engines = new Set<Engine>();
const start = async (...options: Parameters<typeof init>): Promise<Engine> => {
  const engine = await init(...options);
  engines.add(engine);
  return engine;
};
afterEach(() => engines.forEach((engine) => engine.close()));

it('the same options give the engine there is, other options another', async () => {
  const one = await start({ threads: 1, numerics: 'strict' });
  const other = await start({ threads: 1 });
  expect(other).not.toBe(one);
  expect(currentEngine()).toBe(other);
  expect(await start({ numerics: 'strict', threads: 1, warn: () => undefined })).toBe(one);
  expect(currentEngine()).toBe(one);
  const all = await start({ numerics: 'strict' });
  expect(await start({ numerics: 'strict', threads: Math.min(cores(), 8), simd: 'auto' })).toBe(
    all,
  );
  useEngine(other);
  expect(currentEngine()).toBe(other);
});

it('two calls at once make one engine', async () => {
  const [one, two] = await Promise.all([start({ threads: 1 }), start({ threads: 1 })]);
  expect(one).toBe(two);
});

it('a closed engine is not given again, and says what to do', async () => {
  const one = await start({ threads: 1 });
  one.close();
  expect(() => tensor([1], [1])).toThrow(/the current engine was closed: call await init\(\)/);
  const other = await start({ threads: 1 });
  expect(other).not.toBe(one);
  expect(tensor([1], [1]).item()).toBe(1);
});

it('what cannot be made is asked for anew', async () => {
  const wasmUrl = new URL('file:///nowhere/simd.wasm');
  for (let i = 0; i < 2; i++)
    await expect(init({ threads: 1, wasmUrl })).rejects.toThrow('nowhere');
});

it('predictors and trainers work on the engine of their network, whichever is the current one', async () => {
  const one = await start({ threads: 1, numerics: 'strict' });
  const net = resnet8({ inChannels: 1, seed: 1 });
  const batch = goldenImages('engines', [4, 1, 12, 12]);
  const { images, shape } = batch;
  const predictor = new Predictor(net);
  const expected = await predictor.logits(images, shape);
  await start({ threads: 1 });
  expect(await new Predictor(net).logits(images, shape)).toEqual(expected);
  const optimizer = new SGD(net.parameters(), { lr: 0.1 });
  const trainer = new Trainer(net, { optimizer });
  expect(trainer.engine).toBe(one);
  expect((await trainer.trainStep(batch)).loss).toBeGreaterThan(0);
  const [weight] = net.parameters().values();
  expect(() => add(zeros(weight!.shape), weight!)).toThrow('useEngine() with that of the model');
});

it('a predictor does not guess what plain arrays are', async () => {
  await start({ threads: 1 });
  const predictor = new Predictor(resnet8({ inChannels: 1, seed: 1 }));
  const wrong = Array.from({ length: 64 }, () => 0) as unknown as Float32Array;
  const message = 'predict: images are of the class Array but must be a Float32Array';
  await expect(predictor.logits(wrong, [1, 8, 8, 1])).rejects.toThrow(message);
});
