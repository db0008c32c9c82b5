import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { useEngine } from '../../ts/core/init.ts';
import { imageDataset } from '../../ts/data/dataset.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Evaluator } from '../../ts/train/evaluator.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { collectGarbage } from '../helpers/collectGarbage.ts';
import { engineOn } from '../helpers/engines.ts';
import { goldenImages } from '../helpers/goldenModel.ts';
import { Random } from '../helpers/random.ts';

const engine = await engineOn('simd', { numerics: 'fast' });
useEngine(engine);
afterAll(() => engine.close());
beforeEach(() => useEngine(engine));

const images = (height: number, width: number): Float32Array =>
  new Random(`${height} ${width}`).floats(height * width);
const shapeOf = (height: number, width: number): number[] => [1, height, width, 1];
const model = resnet8({ inChannels: 1, seed: 3 });

/** Heights and widths, all different, the largest among the first. */
function sizes(count: number): [height: number, width: number][] {
  const random = new Random('sizes');
  const all = Array.from({ length: 25 * 25 }, (_, i): [number, number] => [
    8 + (i % 25),
    8 + Math.floor(i / 25),
  ]);
  const shuffled = all
    .map((size) => ({ size, key: random.int(0, 1e6) }))
    .sort((a, b) => a.key - b.key);
  return [[32, 32] as [number, number], ...shuffled.map(({ size }) => size)]
    .filter(([height, width], i) => i === 0 || height * width < 32 * 32)
    .slice(0, count);
}

const memory = async (): Promise<{ wasm: number; used: number; heap: number }> => {
  await collectGarbage();
  const { heapUsed } = process.memoryUsage();
  return { wasm: engine.memoryBytes, used: engine.usedBytes, heap: heapUsed };
};

describe('pictures of many sizes', () => {
  it('take flat memory: 500 of them through one predictor', async () => {
    const predictor = new Predictor(model);
    const all = sizes(500);
    expect(new Set(all.map(String)).size).toBe(500);
    let early = await memory();
    for (const [i, [height, width]] of all.entries()) {
      await predictor.logits(images(height, width), shapeOf(height, width));
      if (i === 60) early = await memory();
    }
    const late = await memory();
    expect(late.wasm).toBe(early.wasm);
    expect(late.used).toBeLessThan(1.05 * early.used);
    expect(late.heap - early.heap).toBeLessThan(8 << 20);
    predictor.dispose();
  });

  it('share packed weights and one arena', () => {
    const before = engine.usedBytes;
    const predictor = new Predictor(model);
    const first = predictor.plan(shapeOf(32, 32));
    const one = engine.usedBytes - before;
    expect(one).toBeGreaterThan(first.constantBytes + first.peakBytes);
    for (let size = 16; size < 31; size++) predictor.plan(shapeOf(32, size));
    // Steps, and what an algorithm for small pictures packs in its own way.
    expect(engine.usedBytes - before).toBeLessThan(2 * one);
    predictor.dispose();
    expect(engine.usedBytes).toBe(before);
  });

  it('give the bits of a predictor of their own, also after a write and in any order', async () => {
    const random = new Random('any order');
    const net = resnet8({ inChannels: 1, seed: 5 });
    const predictor = new Predictor(net, { plans: 3 });
    const some = sizes(6);
    for (let turn = 0; turn < 30; turn++) {
      const [height, width] = some[random.int(0, some.length - 1)]!;
      if (random.int(0, 3) === 0) {
        const weight = [...net.parameters().values()][random.int(0, 5)]!;
        weight.write(weight.data().map((value) => 0.9 * value));
      }
      const found = await predictor.logits(images(height, width), shapeOf(height, width));
      const own = new Predictor(net);
      const expected = await own.logits(images(height, width), shapeOf(height, width));
      expect([...found]).toEqual([...expected]);
      own.dispose();
    }
    predictor.dispose();
  });

  it('keep the plans that were used last', () => {
    const predictor = new Predictor(model, { plans: 2 });
    const [a, b, c] = [8, 9, 10].map((side) => shapeOf(side, side)) as [
      number[],
      number[],
      number[],
    ];
    const [planA, planB] = [predictor.plan(a), predictor.plan(b)];
    expect(predictor.plan(a)).toBe(planA);
    predictor.plan(c);
    expect(predictor.plan(a)).toBe(planA);
    expect(predictor.plan(b)).not.toBe(planB);
    predictor.dispose();
  });

  it('are trained and measured in flat memory, too', async () => {
    const net = resnet8({ inChannels: 1, seed: 6 });
    const trainer = new Trainer(net, { optimizer: new SGD(net.parameters(), {}), plans: 4 });
    const evaluator = new Evaluator(net, () => undefined, { plans: 4 });
    let early = await memory();
    for (const [i, [height, width]] of sizes(60).entries()) {
      await trainer.trainStep(goldenImages(`sizes ${i}`, [2, 1, height, width]));
      const data = imageDataset({
        name: 'one size',
        height,
        width,
        channels: 1,
        mean: [0.5],
        std: [0.25],
        images: Uint8Array.from({ length: 2 * height * width }, (_, at) => at % 251),
        labels: Uint8Array.of(1, 2),
        classes: Array.from({ length: 10 }, (_, digit) => `${digit}`),
      });
      expect((await evaluator.evaluate(data)).images).toBe(2);
      if (i === 20) early = await memory();
    }
    const late = await memory();
    expect(late.wasm).toBe(early.wasm);
    expect(late.used).toBeLessThan(1.05 * early.used);
    const shape = [2, 12, 12, 1];
    expect(trainer.plan(shape)).toBe(trainer.plan(shape));
    trainer.dispose();
    evaluator.dispose();
  });

  it.each([0, 1.5, NaN])('need at least one plan, not %s', (plans) => {
    const message = `Predictor: plans is ${plans} but must be a whole number of at least 1`;
    expect(() => new Predictor(model, { plans })).toThrow(RangeError);
    expect(() => new Predictor(model, { plans })).toThrow(message);
    const optimizer = new SGD(model.parameters(), {});
    expect(() => new Trainer(model, { optimizer, plans })).toThrow(RangeError);
  });
});
