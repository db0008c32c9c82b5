import { afterAll, describe, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Batch } from '../../ts/data/loader.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { reshape } from '../../ts/functions/reshape.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { Conv2d } from '../../ts/nn/conv2d.ts';
import { Dropout } from '../../ts/nn/dropout.ts';
import { Linear } from '../../ts/nn/linear.ts';
import { Module } from '../../ts/nn/module.ts';
import { ReLU } from '../../ts/nn/relu.ts';
import { manualSeed } from '../../ts/nn/seed.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import type { Optimizer } from '../../ts/optim/optimizer.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { scope } from '../../ts/core/scope.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { expectClose, expectSameBits, largest } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

const engines = await Promise.all(builds.map((build) => engineOn(build)));
afterAll(() => engines.forEach((engine) => engine.close()));

const STEPS = 3;
const batchOf = (step: number): Batch => goldenImages(`determinism.${step}`, [6, 1, 14, 14]);

/** A net with what resnet8 lacks: biases, dropout, no batch norm. */
class Small extends Module {
  readonly conv = new Conv2d(1, 10, { kernelSize: 5, stride: 2, padding: 'same' });
  readonly act = new ReLU();
  readonly drop = new Dropout(0.4);
  readonly fc = new Linear(7 * 7 * 10, 10);

  override forward(x: Tensor): Tensor {
    const features = this.drop.forward(this.act.forward(this.conv.forward(x)));
    return this.fc.forward(reshape(features, [x.shape[0]!, -1]));
  }
}

interface Setting {
  readonly make: () => Module;
  readonly optimizer: (model: Module) => Optimizer;
  readonly labelSmoothing: number;
}

const settings: Readonly<Record<string, Setting>> = {
  'resnet8, SGD': {
    make: () => resnet8({ inChannels: 1, seed: 7 }),
    optimizer: (model) =>
      new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
    labelSmoothing: 0,
  },
  'dropout, AdamW': {
    make: () => {
      manualSeed(3);
      return new Small();
    },
    optimizer: (model) => new AdamW(model.parameters(), { lr: 0.01 }),
    labelSmoothing: 0.1,
  },
};

/** What a training leaves: losses, weights and statistics, moments. */
interface Trained {
  readonly losses: number[];
  readonly state: (Float32Array | Int32Array)[];
}

function stateOf(model: Module, optimizer: Optimizer): (Float32Array | Int32Array)[] {
  return [...model.stateDict().values(), ...optimizer.state().values()].map((value) =>
    value.data(),
  );
}

function trainEagerly(engine: Engine, { make, optimizer: of, labelSmoothing }: Setting): Trained {
  useEngine(engine);
  const model = make();
  const optimizer = of(model);
  const weights = [...model.parameters().values()];
  const losses = Array.from({ length: STEPS }, (_, step) =>
    scope(() => {
      const { images, labels, shape } = batchOf(step);
      const logits = model.forward(tensor(images, shape));
      const target = tensor(labels, [labels.length], 'i32');
      const loss = crossEntropy(logits, target, { labelSmoothing });
      optimizer.step(gradients(loss, weights));
      return loss.item();
    }),
  );
  const state = stateOf(model, optimizer);
  model.dispose();
  optimizer.dispose();
  return { losses, state };
}

async function trainCompiled(
  engine: Engine,
  { make, optimizer: of, labelSmoothing }: Setting,
): Promise<Trained> {
  useEngine(engine);
  const model = make();
  const optimizer = of(model);
  const trainer = new Trainer(model, { optimizer, labelSmoothing });
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    losses.push((await trainer.trainStep(batchOf(step))).loss);
  }
  const state = stateOf(model, optimizer);
  trainer.dispose();
  model.dispose();
  optimizer.dispose();
  return { losses, state };
}

function expectSame(actual: Trained, expected: Trained, what: string): void {
  expect(actual.losses, `${what}: losses`).toEqual(expected.losses);
  expectSameBits(actual.state, expected.state, `${what}: weights, statistics and moments`);
}

describe.each(Object.keys(settings))('%s', (name) => {
  const setting = settings[name]!;

  it.each(engines)(
    'trains the same compiled as with eager ops and tape on $build',
    async (engine) => {
      const compiled = await trainCompiled(engine, setting);
      expectSame(compiled, trainEagerly(engine, setting), engine.build);
      expect(compiled.losses.every(Number.isFinite)).toBe(true);
      expect(new Set(compiled.losses).size).toBe(STEPS);
    },
  );

  it.each(['simd', 'relaxed'])(
    'trains the same on one thread, two and three, at both widths: %s',
    async (lanes) => {
      const own = engines.filter(({ build }) => build.startsWith(lanes));
      const [one, ...others] = await Promise.all(
        own.map((engine) => trainCompiled(engine, setting)),
      );
      others.forEach((other, index) => expectSame(other, one!, own[index + 1]!.build));
      for (const { build } of own.filter(({ threads }) => threads > 1)) {
        const engine = await engineOn(build, { threads: 3 });
        expectSame(await trainCompiled(engine, setting), one!, `${build}, three threads`);
        engine.close();
      }
    },
  );
});

describe('inference', () => {
  it.each(engines)(
    'folded on $build is within 2e-5 of the largest logit of eager code',
    async (engine) => {
      useEngine(engine);
      const model = resnet8({ inChannels: 1, seed: 7 });
      const trainer = new Trainer(model, { optimizer: settings['resnet8, SGD']!.optimizer(model) });
      for (let step = 0; step < STEPS; step++) await trainer.trainStep(batchOf(step));
      const { images, shape } = batchOf(9);
      const predictor = new Predictor(model);
      const folded = await predictor.logits(images, shape);
      model.eval();
      const eager = scope(() => noGrad(() => model.forward(tensor(images, shape)).data()));
      expect(largest(eager)).toBeGreaterThan(0.1);
      expectClose(folded, eager, 2e-5, 'logits');
      predictor.dispose();
      trainer.dispose();
      model.dispose();
    },
  );
});

describe('initial weights', () => {
  it('are the same for the same seed on every build, and others for another', () => {
    const of = (engine: Engine, seed: number) => {
      useEngine(engine);
      const model = resnet8({ seed });
      const values = [...model.stateDict().values()].map((value) => value.data());
      model.dispose();
      return values;
    };
    const first = of(engines[0]!, 5);
    for (const engine of engines) expectSameBits(of(engine, 5), first, engine.build);
    expect(of(engines[0]!, 6)[0]).not.toEqual(first[0]);
  });
});
