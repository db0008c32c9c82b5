import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import type { Batch } from '../../ts/data/loader.ts';
import { resnet8, googlenet, type Classifier } from '../../ts/models/index.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { goldenLabels, goldenTensor } from '../golden/generator.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const batch = (shape: [number, number, number, number]): Batch => ({
  images: goldenTensor('frozen.images', shape),
  labels: goldenLabels('frozen.labels', shape[0], 10),
  shape,
  indices: Uint32Array.from({ length: shape[0] }, (_, i) => i),
  index: 0,
  last: true,
});

const train = (model: Classifier): Trainer =>
  new Trainer(model, {
    optimizer: new SGD(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  });

/** Names of the tensors that `act` changes. */
async function movedBy(model: Classifier, act: () => Promise<unknown>): Promise<string[]> {
  const before = new Map([...model.stateDict()].map(([name, tensor]) => [name, tensor.data()]));
  await act();
  return [...model.stateDict()]
    .filter(([name, tensor]) => {
      const old = before.get(name)!;
      return tensor.data().some((value, i) => value !== old[i]);
    })
    .map(([name]) => name);
}

const OPEN = /^(layer3|fc)\./;

describe('what is frozen', () => {
  it.each([
    ['before the optimizer is made', true],
    ['after', false],
  ])('does not move when that was done %s', async (_, early) => {
    const model = resnet8({ seed: 1 });
    if (early) model.freeze('layer2');
    const trainer = train(model);
    const images = batch([4, 8, 8, 3]);
    if (!early) {
      expect(await movedBy(model, () => trainer.trainStep(images))).toHaveLength(
        model.stateDict().size,
      );
      model.freeze('layer2');
    }
    const moved = await movedBy(model, async () => {
      await trainer.trainStep(images);
      await trainer.trainStep(images);
    });
    const open = [...model.stateDict().keys()].filter((name) => OPEN.test(name));
    expect(moved).toEqual(open);
    expect(open.some((name) => name.endsWith('num_batches_tracked'))).toBe(true);
    trainer.dispose();
  });

  it('batch norms alone keep their statistics, not their weights', async () => {
    const model = resnet8({ seed: 1 });
    for (const [, module] of model.modules()) if ('frozen' in module) module.frozen = true;
    const trainer = train(model);
    const moved = await movedBy(model, () => trainer.trainStep(batch([4, 8, 8, 3])));
    expect(moved).toEqual([...model.parameters().keys()]);
    trainer.dispose();
  });
});

describe('a new head', () => {
  it('is trained alone on frozen features', async () => {
    const model = resnet8({ seed: 1 });
    model.freeze();
    model.resetHead(10);
    const trainer = train(model);
    const losses: number[] = [];
    const moved = await movedBy(model, async () => {
      for (let step = 0; step < 20; step++) {
        losses.push((await trainer.trainStep(batch([4, 8, 8, 3]))).loss);
      }
    });
    expect(moved).toEqual(['fc.weight', 'fc.bias']);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    trainer.dispose();
  });
});

describe('auxiliary heads', () => {
  it('learn in training and take no part in evaluation', async () => {
    const model = googlenet({ stem: 'cifar', seed: 1 });
    const trainer = train(model);
    const images = batch([2, 32, 32, 3]);
    const moved = await movedBy(model, () => trainer.trainStep(images));
    expect(moved.filter((name) => name.startsWith('aux'))).not.toHaveLength(0);
    expect(moved).toHaveLength(model.stateDict().size);
    trainer.dispose();
  });
});
