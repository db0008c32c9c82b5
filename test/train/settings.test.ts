import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import type { Batch } from '../../ts/data/loader.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { fill } from '../../ts/functions/fill.ts';
import { resnet8 } from '../../ts/models/index.ts';
import {
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  Identity,
  Linear,
  manualSeed,
  Module,
  ReLU,
  Sequential,
} from '../../ts/nn/index.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { summary } from '../../ts/nn/summary.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { goldenImages } from '../helpers/goldenModel.ts';
import { randomDataset } from '../data/generated.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const batch: Batch = goldenImages('settings', [6, 1, 8, 8]);

/** A layer of one's own with settings of every kind. */
class Scaled extends Module {
  scale = 1;
  readonly more = { factors: [1] };

  override forward(x: Tensor): Tensor {
    return multiply(x, fill([], this.scale * this.more.factors[0]!));
  }
}

class Net extends Module {
  readonly conv = new Conv2d(1, 4, { kernelSize: 3, padding: 1 });
  readonly bn = new BatchNorm2d(4);
  act: Module = new ReLU();
  readonly scaled = new Scaled();
  readonly drop = new Dropout(0.5);
  readonly head = new Sequential(new Flatten(), new Linear(8 * 8 * 4, 10));

  override forward(x: Tensor): Tensor {
    const features = this.act.forward(this.bn.forward(this.conv.forward(x)));
    return this.head.forward(this.drop.forward(this.scaled.forward(features)));
  }
}

interface Setting {
  readonly change: (net: Net) => void;
  /** Whether inference reads it, too. */
  readonly inference: boolean;
}

const settings: Readonly<Record<string, Setting>> = {
  'dropout.p = 0': { change: ({ drop }) => (drop.p = 0), inference: false },
  'dropout.p = 0.1': { change: ({ drop }) => (drop.p = 0.1), inference: false },
  'dropout in evaluation mode': { change: ({ drop }) => drop.eval(), inference: false },
  'batchNorm.eps': { change: ({ bn }) => (bn.eps = 0.5), inference: true },
  'batchNorm.momentum': { change: ({ bn }) => (bn.momentum = 0.7), inference: false },
  'batchNorm.frozen': { change: ({ bn }) => (bn.frozen = true), inference: false },
  'batch norm in evaluation mode': { change: ({ bn }) => bn.eval(), inference: false },
  'a field of a module of one’s own': {
    change: ({ scaled }) => (scaled.scale = 3),
    inference: true,
  },
  'a list in a field': { change: ({ scaled }) => (scaled.more.factors[0] = 3), inference: true },
  'a module in another’s place': { change: (net) => (net.act = new Identity()), inference: true },
};

function trainerOf(net: Module, lr = 0.05): Trainer {
  return new Trainer(net, { optimizer: new SGD(net.parameters(), { lr, momentum: 0.9 }) });
}

/** Weights and statistics after a step, the loss of that and of the next. */
async function afterwards(net: Module, trainer: Trainer): Promise<unknown> {
  const losses = [(await trainer.trainStep(batch)).loss, (await trainer.trainStep(batch)).loss];
  return { losses, state: [...net.stateDict().values()].map((tensor) => tensor.data()) };
}

describe('a setting that is changed after the first step', () => {
  it.each(Object.entries(settings))('%s counts from the next step on', async (_, { change }) => {
    const run = async (newTrainer: boolean, changes: boolean): Promise<unknown> => {
      manualSeed(3);
      const net = new Net();
      let trainer = trainerOf(net);
      await trainer.trainStep(batch);
      if (changes) change(net);
      if (newTrainer) trainer = new Trainer(net, { optimizer: trainer.optimizer });
      return afterwards(net, trainer);
    };
    const kept = await run(false, true);
    // A trainer that has compiled nothing yet reads every setting.
    expect(kept).toEqual(await run(true, true));
    expect(kept).not.toEqual(await run(false, false));
  });

  it.each(Object.entries(settings))('%s: predictions', async (_, { change, inference }) => {
    manualSeed(3);
    const net = new Net();
    const predictor = new Predictor(net);
    const before = await predictor.logits(batch.images, batch.shape);
    const plan = predictor.plan(batch.shape);
    change(net);
    const after = await predictor.logits(batch.images, batch.shape);
    expect(after).toEqual(await new Predictor(net).logits(batch.images, batch.shape));
    if (inference) expect(after).not.toEqual(before);
    else expect(after).toEqual(before);
    net.bn.eps = 1e-5;
    net.conv.path = 'conv';
    expect(plan.graph.outputs).toHaveLength(2);
  });

  it('is measured with', async () => {
    const data = randomDataset(6, 8, 8, 1);
    const net = new Net();
    const trainer = trainerOf(net);
    const { loss } = await trainer.evaluate(data);
    net.scaled.scale = 3;
    const after = await trainer.evaluate(data);
    expect(after.loss).not.toBe(loss);
    expect(after).toEqual(await trainerOf(net).evaluate(data));
  });

  it('gives back the compiled step when it is put back', () => {
    const net = new Net();
    const trainer = trainerOf(net);
    const first = trainer.plan(batch.shape);
    net.drop.p = 0.1;
    expect(trainer.plan(batch.shape)).not.toBe(first);
    net.drop.p = 0.5;
    expect(trainer.plan(batch.shape)).toBe(first);
  });

  it('may be a head for other classes', async () => {
    const model = resnet8({ inChannels: 1, seed: 1 });
    const predictor = new Predictor(model);
    expect(await predictor.logits(batch.images, batch.shape)).toHaveLength(60);
    model.resetHead(4);
    expect(await predictor.logits(batch.images, batch.shape)).toHaveLength(24);
  });
});

describe('settings that cannot be changed', () => {
  it('throw when they are assigned', () => {
    const net = new Net();
    const sgd = new SGD(net.parameters(), { momentum: 0.9 });
    const adamw = new AdamW(net.parameters());
    expect(() => Object.assign(sgd.options, { momentum: 0 })).toThrow(TypeError);
    expect(() => Object.assign(adamw.options, { weightDecay: 0 })).toThrow(TypeError);
  });

  it('are the trainer’s own, whatever becomes of the options', async () => {
    const run = async (changes: boolean): Promise<unknown> => {
      const model = resnet8({ inChannels: 1, seed: 1 });
      const options = { optimizer: new SGD(model.parameters()), labelSmoothing: 0.2 };
      const trainer = new Trainer(model, options);
      if (changes) options.labelSmoothing = 0;
      return afterwards(model, trainer);
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

describe('modes of single modules', () => {
  it('are as they were after a step, an evaluation and a table', async () => {
    const net = new Net();
    net.bn.eval();
    const trainer = trainerOf(net);
    await trainer.trainStep(batch);
    await trainer.evaluate(randomDataset(6, 8, 8, 1));
    summary(net, [1, 8, 8, 1]);
    expect([net.training, net.bn.training, net.drop.training]).toEqual([true, false, true]);
  });

  it('count where the network trains, and are all of training where it does not', async () => {
    const statistics = async (prepare: (net: Net) => void): Promise<number> => {
      manualSeed(3);
      const net = new Net();
      prepare(net);
      await trainerOf(net).trainStep(batch);
      return net.bn.numBatchesTracked.item();
    };
    expect(await statistics((net) => net.bn.eval())).toBe(0);
    expect(await statistics((net) => net.eval())).toBe(1);
  });
});
