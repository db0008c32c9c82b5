import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { apply } from '../../ts/core/apply.ts';
import { compile } from '../../ts/compile/compile.ts';
import { parameter, tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { add } from '../../ts/functions/add.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { relu } from '../../ts/functions/relu.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { guardFinite } from '../../ts/ops/guardFinite.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

const f32 = (...shape: number[]) => ({ shape, dtype: 'f32' as const });
const ramp = (count: number, scale = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => scale * (i - count / 2));

const SHAPE = [4, 14, 14, 1];
const batchOf = (step: number) => goldenImages(`order.${step}`, [4, 1, 14, 14]);

/** A function that takes some milliseconds, so that a run goes on while the test does. */
function slow(x: Tensor, weight: Tensor): Tensor {
  for (let layer = 0; layer < 12; layer++) x = relu(conv2d(x, weight, { padding: 1 }));
  return x;
}
const SLOW = [1, 32, 32, 32];
const slowWeight = (scale = 1): Float32Array => {
  const values = new Float32Array(9 * 32 * 32);
  for (let channel = 0; channel < 32; channel++) values[(4 * 32 + channel) * 32 + channel] = scale;
  return values;
};
const slowInput = (value: number): Float32Array => new Float32Array(32 * 32 * 32).fill(value);

describe.each([
  ['the caller leads', false],
  ['a worker leads', true],
])('%s', async (_, remote) => {
  const build = builds.find((name) => name === 'simd-threads')!;
  const make = (): Promise<Engine> => engineOn(build, { remote });
  const engine = await make();
  afterAll(() => engine.close());
  beforeEach(() => useEngine(engine));

  it('runs of two plans go one after the other, each with its own numbers', async () => {
    const one = compile((x) => relu(x), [f32(4)]);
    const two = compile((x) => multiply(x, x), [f32(4)]);
    const inputs = Array.from({ length: 20 }, (_, i) => ramp(4, i + 1));
    const runs = inputs.map((input, i) => (i % 2 ? two : one).run(input));
    const found = (await Promise.all(runs)).map(([y]) => [...y!]);
    expect(found).toEqual(
      inputs.map((input, i) => [...input].map((x) => (i % 2 ? x * x : Math.max(x, 0)))),
    );
    one.dispose();
    two.dispose();
  });

  it('a run reads what its inputs were when it was asked for', async () => {
    const plan = compile((x) => add(x, x), [f32(3)]);
    const input = new Float32Array(3);
    const runs = [1, 2, 3, 4].map((value) => plan.run(input.fill(value)));
    const found = (await Promise.all(runs)).map(([y]) => y![0]);
    // The first may read while it is asked for, as others do where a run is over at once.
    expect(found).toEqual([2, 4, 6, 8]);
    plan.dispose();
  });

  it('predictions while a model is trained change no bit of it', async () => {
    const train = async (meanwhile?: (step: number) => void): Promise<number[]> => {
      const model = resnet8({ inChannels: 1, seed: 7 });
      const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
      const trainer = new Trainer(model, { optimizer });
      const losses = [];
      for (let step = 0; step < 6; step++) {
        const result = trainer.trainStep(batchOf(step));
        meanwhile?.(step);
        losses.push((await result).loss);
      }
      trainer.dispose();
      return losses;
    };
    const alone = await train();

    const other = resnet8({ inChannels: 1, seed: 3 });
    const predictor = new Predictor(other);
    const images = batchOf(9).images;
    const expected = [...(await predictor.logits(images, SHAPE))];
    const asked: Promise<Float32Array>[] = [];
    const losses = await train(() => {
      asked.push(predictor.logits(images, SHAPE), predictor.logits(images, SHAPE));
    });
    expect(losses).toEqual(alone);
    for (const logits of await Promise.all(asked)) expect([...logits]).toEqual(expected);
    predictor.dispose();
  });

  it('eager ops, new models and new plans do not meet a run', async () => {
    const w = parameter([3, 3, 32, 32]);
    w.write(slowWeight());
    const plan = compile((x) => slow(x, w), [f32(...SLOW)], { recording: false });
    const run = plan.run(slowInput(3));
    const model = resnet8({ inChannels: 1, seed: 3 });
    const [y] = await new Predictor(model).plan(SHAPE).run(batchOf(0).images);
    expect([...relu(tensor([-1, 2], [2])).data()]).toEqual([0, 2]);
    expect((await run)[0]!.every((value) => value === 3)).toBe(true);

    const later = resnet8({ inChannels: 1, seed: 3 });
    const again = await new Predictor(later).plan(SHAPE).run(batchOf(0).images);
    expect([...again[0]!]).toEqual([...y!]);
    plan.dispose();
  });

  it('a write takes effect between the runs before and after it, a read sees those before', async () => {
    const w = parameter([3, 3, 32, 32]);
    w.write(slowWeight());
    const plan = compile((x) => slow(x, w), [f32(...SLOW)], { recording: false });
    const before = plan.run(slowInput(1));
    w.write(slowWeight(2));
    const after = plan.run(slowInput(1));
    expect(w.data()[4 * 32 * 32]).toBe(2);
    expect((await before)[0]![0]).toBe(1);
    expect((await after)[0]![0]).toBe(2 ** 12);
    plan.dispose();
  });

  it('a plan that is disposed while it runs ends with the right numbers', async () => {
    const w = parameter([3, 3, 32, 32]);
    w.write(slowWeight());
    const used = engine.usedBytes;
    for (let round = 1; round <= 10; round++) {
      const plan = compile((x) => slow(x, w), [f32(...SLOW)], { recording: false });
      const runs = [plan.run(slowInput(round)), plan.run(slowInput(2 * round))];
      plan.dispose();
      await expect(plan.run(slowInput(1))).rejects.toThrow('plan: used after dispose()');
      // Would take the memory of the plan if that were free.
      const others = Array.from({ length: 40 }, () => tensor(slowInput(-1), SLOW));
      const [first, second] = await Promise.all(runs);
      expect(first![0]!.findIndex((value) => value !== round)).toBe(-1);
      expect(second![0]!.findIndex((value) => value !== 2 * round)).toBe(-1);
      others.forEach((other) => other.dispose());
    }
    expect(engine.usedBytes).toBeLessThanOrEqual(used);
  });

  it('a predictor and a trainer that are disposed meanwhile, too', async () => {
    const model = resnet8({ inChannels: 1, seed: 3 });
    const images = batchOf(0).images;
    const expected = [...(await new Predictor(model).logits(images, SHAPE))];
    const training = (): Trainer => {
      const trained = resnet8({ inChannels: 1, seed: 4 });
      return new Trainer(trained, { optimizer: new SGD(trained.parameters(), { lr: 0.05 }) });
    };
    const step = await training().trainStep(batchOf(1));
    for (let round = 0; round < 5; round++) {
      const predictor = new Predictor(model);
      const trainer = training();
      const asked = predictor.logits(images, SHAPE);
      predictor.dispose();
      const trained = trainer.trainStep(batchOf(1));
      trainer.dispose();
      const others = Array.from({ length: 40 }, () => tensor(slowInput(-1), SLOW));
      expect([...(await asked)]).toEqual(expected);
      expect((await trained).loss).toBe(step.loss);
      others.forEach((other) => other.dispose());
    }
  });

  it('a predictor that is disposed packs the weights that a step before its run has written', async () => {
    const outcome = async (dispose: boolean): Promise<number[]> => {
      const model = resnet8({ inChannels: 1, seed: 5 });
      const optimizer = new SGD(model.parameters(), { lr: 0.5 });
      const trainer = new Trainer(model, { optimizer });
      const predictor = new Predictor(model);
      await predictor.logits(batchOf(0).images, SHAPE);
      trainer.plan(SHAPE);
      const steps = [trainer.trainStep(batchOf(1)), trainer.trainStep(batchOf(2))];
      const asked = predictor.logits(batchOf(0).images, SHAPE);
      if (dispose) predictor.dispose();
      await Promise.all(steps);
      const logits = [...(await asked)];
      predictor.dispose();
      trainer.dispose();
      return logits;
    };
    expect(await outcome(true)).toEqual(await outcome(false));
  });

  it('a tensor that is disposed while a plan works on it keeps its values until then', async () => {
    const w = parameter([4]);
    w.write([1, 2, 3, 4]);
    const plan = compile((x) => multiply(x, w), [f32(4)]);
    const runs = [plan.run(ramp(4)), plan.run(ramp(4, 2))];
    w.dispose();
    const other = tensor([9, 9, 9, 9], [4]);
    const found = (await Promise.all(runs)).map(([y]) => [...y!]);
    expect(found).toEqual([1, 2].map((scale) => [-2, -2, 0, 4].map((x) => scale * x)));
    await expect(plan.run(ramp(4))).rejects.toThrow('was used after dispose()');
    plan.dispose();
    other.dispose();
  });

  it('a run that fails holds up nobody', async () => {
    const plan = compile(
      (x) => {
        const y = multiply(x, x);
        apply(guardFinite, { x: y }, {});
        return y;
      },
      [f32(2)],
    );
    const runs = [1, NaN, 3].map((value) => plan.run(Float32Array.of(value, value)));
    const found = await Promise.allSettled(runs);
    expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(found[1]).toMatchObject({ reason: { name: 'NonFiniteError' } });
    expect(found[2]).toMatchObject({ value: [Float32Array.of(9, 9)] });
    plan.dispose();
  });

  it('close waits for the runs that were asked for', async () => {
    const own = await make();
    useEngine(own);
    const w = parameter([3, 3, 32, 32]);
    w.write(slowWeight());
    const plan = compile((x) => slow(x, w), [f32(...SLOW)], { recording: false });
    const runs = [plan.run(slowInput(1)), plan.run(slowInput(2))];
    own.close();
    expect((await Promise.all(runs)).map(([y]) => y![5])).toEqual([1, 2]);
    await expect(plan.run(slowInput(1))).rejects.toThrow('engine: used after close()');
  });
});
