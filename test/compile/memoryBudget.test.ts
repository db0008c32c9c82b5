import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import type { Plan } from '../../ts/compile/plan.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { OutOfMemoryError } from '../../ts/base/errors.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { densenet40, resnet20 } from '../../ts/models/index.ts';
import {
  Conv2d,
  Dropout,
  Flatten,
  Linear,
  manualSeed,
  MaxPool2d,
  ReLU,
  Sequential,
  type Module,
} from '../../ts/nn/index.ts';
import { dropoutState } from '../../ts/nn/seed.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { goldenLabels, goldenTensor } from '../golden/generator.ts';
import { expectSameBits } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

/** Simonyan and Zisserman's pattern with few channels: convolutions in pairs, pooling, dropout before linear layers. */
function smallVgg(): Module {
  manualSeed(3);
  const conv = (from: number, to: number): Module[] => [
    new Conv2d(from, to, { kernelSize: 3, padding: 1 }),
    new ReLU(),
  ];
  const stage = (from: number, to: number): Module[] => [
    ...conv(from, to),
    ...conv(to, to),
    new MaxPool2d({ kernelSize: 2 }),
  ];
  const head = [new Dropout(0.5), new Linear(4 * 4 * 16, 32), new ReLU(), new Dropout(0.3)];
  const layers = [...stage(3, 8), new Dropout(0.2), ...stage(8, 16), ...conv(16, 16)];
  return new Sequential(...layers, new Flatten(), ...head, new Linear(32, 10));
}

const shape = [16, 16, 16, 3];
const images = goldenTensor('budget.images', shape);
const labels = goldenLabels('budget.labels', 16, 10);

/** Runs two steps within a budget: outputs, then the network's state and dropout's. */
async function train(
  make: () => Module,
  memoryBudget?: number,
): Promise<{ values: (Float32Array | Int32Array)[]; plan: Plan }> {
  const model = make();
  const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  manualSeed(9);
  const plan = compile(
    (x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x), y);
      const dws = gradients(loss, [...optimizer.parameters.values()]);
      optimizer.step(dws);
      return [loss, ...dws];
    },
    [
      { shape, dtype: 'f32' },
      { shape: [16], dtype: 'i32' },
    ],
    { memoryBudget },
  );
  await plan.run(images, labels);
  const outputs = await plan.run(images, labels);
  const state = [...model.stateDict().values(), dropoutState()].map((tensor) => tensor.data());
  plan.dispose();
  optimizer.dispose();
  model.dispose();
  return { values: [...outputs, ...state], plan };
}

/** The least that the planner reaches, as its error tells it. */
async function leastBytes(make: () => Module): Promise<number> {
  const refused: unknown = await train(make, 1).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OutOfMemoryError);
  const { message } = refused as Error;
  expect(message).toMatch(/^compile: memoryBudget is 1 bytes but the least .* is \d+ bytes$/);
  return Number(/(\d+) bytes$/.exec(message)![1]);
}

describe('memoryBudget', () => {
  it.each([
    ['ResNet-20', () => resnet20({ seed: 1 }), 0.55],
    ['DenseNet-40', () => densenet40({ seed: 1 }), 0.4],
    ['DenseNet-40 with dropout', () => densenet40({ seed: 1, dropout: 0.2 }), 0.5],
    ['VGG with dropout', smallVgg, 0.9],
  ])(
    '%s: same bits from the whole down to the least',
    async (_, make, most) => {
      const whole = await train(make);
      const full = whole.plan.peakBytes;
      const least = await leastBytes(make);
      expect(least / full).toBeLessThan(most);
      for (const budget of [full, 0.5 * (full + least), least]) {
        const { plan, values } = await train(make, Math.floor(budget));
        expect(plan.peakBytes).toBeLessThanOrEqual(budget);
        const again = planRows(plan).filter((row) => row.recomputed).length;
        expect(again > 0).toBe(budget < full);
        expect(String(plan).includes(`${again} ops computed again`)).toBe(budget < full);
        expectSameBits(values, whole.values, `within ${Math.floor(budget)} bytes`);
      }
      await expect(train(make, least - 64)).rejects.toThrow(`is ${least - 64} bytes but the least`);
    },
    240_000,
  );

  it('computes convolutions again only when cheaper values are not enough', async () => {
    const make = (): Module => resnet20({ seed: 1 });
    const { peakBytes } = (await train(make)).plan;
    const flops = async (budget: number): Promise<number> =>
      planRows((await train(make, Math.floor(budget))).plan)
        .filter((row) => row.recomputed)
        .reduce((sum, row) => sum + row.flops, 0);
    expect(await flops(0.85 * peakBytes)).toBe(0);
    const least = await leastBytes(make);
    expect(await flops(least)).toBeGreaterThan(0);
  });

  it('is kept by a trainer, for whole and last batches', () => {
    const model = resnet20({ seed: 1 });
    const optimizer = new SGD(model.parameters());
    const whole = new Trainer(model, { optimizer });
    const full = whole.peakBytes(shape);
    whole.dispose();
    const memoryBudget = Math.floor(0.9 * full);
    const trainer = new Trainer(model, { optimizer, memoryBudget });
    expect(trainer.peakBytes(shape)).toBeLessThanOrEqual(memoryBudget);
    expect(trainer.peakBytes([10, ...shape.slice(1)])).toBeLessThanOrEqual(memoryBudget);
    trainer.dispose();
  });
});
