import { afterAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import type { Optimizer, Parameters } from '../../ts/optim/optimizer.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

await init({ threads: 1, numerics: 'strict' });
afterAll(() => currentEngine().close());

const batch = goldenImages('reset', [8, 1, 12, 12]);
const settings = { lr: 0.01, weightDecay: 0.01 };
const kinds: [string, (weights: Parameters) => Optimizer][] = [
  ['SGD', (weights) => new SGD(weights, { ...settings, momentum: 0.9 })],
  ['AdamW', (weights) => new AdamW(weights, settings)],
];

describe.each(kinds)('an %s that outlives resetHead', (_, make) => {
  it('trains the fresh head, whose moments begin anew, and keeps those of the rest', async () => {
    const model = resnet8({ inChannels: 1, seed: 1 });
    const given = model.parameters();
    const optimizer = make(given);
    const trainer = new Trainer(model, { optimizer });
    await trainer.trainStep(batch);
    const before = new Map([...optimizer.state()].map(([name, tensor]) => [name, tensor.data()]));
    model.resetHead(12);
    const state = optimizer.state();
    for (const [name, tensor] of state) {
      if (!name.startsWith('fc.')) expect(tensor.data(), name).toEqual(before.get(name));
      else
        expect(
          tensor.data().every((value) => value === 0),
          name,
        ).toBe(true);
    }
    expect(optimizer.parameters.get('fc.weight')).toBe(model.fc.weight);
    const head = model.fc.weight.data();
    await trainer.trainStep(batch);
    expect(model.fc.weight.data()).not.toEqual(head);
    const moment = [...optimizer.state()].find(([name]) => /^fc\.weight\.m/.test(name))![1];
    expect(moment.shape).toEqual([64, 12]);
    expect(moment.data().some((value) => value !== 0)).toBe(true);
    for (const owner of [trainer, optimizer, model]) owner.dispose();
  });

  it('takes the first step of a fresh head as a fresh optimizer does', async () => {
    const model = resnet8({ inChannels: 1, seed: 1 });
    const old = make(model.parameters());
    const first = new Trainer(model, { optimizer: old });
    await first.trainStep(batch);
    model.resetHead(10);
    const values = new Map(
      [...model.stateDict()].map(([name, { shape, dtype }]) => [
        name,
        { shape, dtype, data: model.stateDict().get(name)!.data() },
      ]),
    );
    await first.trainStep(batch);
    const followed = model.fc.weight.data();
    model.loadStateDict(values);
    const second = new Trainer(model, { optimizer: make(model.parameters()) });
    await second.trainStep(batch);
    expect(model.fc.weight.data()).toEqual(followed);
    for (const owner of [first, second, old, second.optimizer, model]) owner.dispose();
  });

  it('may be made from weights that were asked for before', () => {
    const model = resnet8({ inChannels: 1, seed: 1 });
    const given = model.parameters();
    model.resetHead(3);
    expect(make(given).parameters.get('fc.bias')).toBe(model.fc.bias);
  });
});
