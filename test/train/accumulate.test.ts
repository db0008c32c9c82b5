import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { imageDataset } from '../../ts/data/dataset.ts';
import { resnet8 } from '../../ts/models/index.ts';
import { Conv2d, Flatten, Linear, manualSeed, ReLU, Sequential } from '../../ts/nn/index.ts';
import type { Module } from '../../ts/nn/index.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import type { StepReport } from '../../ts/train/metrics.ts';
import type { FitOptions } from '../../ts/train/fitOptions.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { expectSameBits } from '../helpers/close.ts';
import { Random } from '../helpers/random.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const random = new Random('accumulate');
const data = imageDataset({
  name: 'noise',
  images: Uint8Array.from({ length: 22 * 64 }, () => random.int(0, 255)),
  labels: Uint8Array.from({ length: 22 }, () => random.int(0, 2)),
  height: 8,
  width: 8,
  channels: 1,
  classes: ['a', 'b', 'c'],
});

/** A network without batch norm. */
function plainNet(): Module {
  manualSeed(1);
  return new Sequential(
    new Conv2d(1, 4, { kernelSize: 3, padding: 1 }),
    new ReLU(),
    new Flatten(),
    new Linear(8 * 8 * 4, 3),
  );
}

const batchNormNet = (): Module => resnet8({ inChannels: 1, numClasses: 3, seed: 1 });

const newTrainer = (model: Module): Trainer =>
  new Trainer(model, {
    optimizer: new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-3 }),
    gradientNorms: true,
  });

async function fit(
  trainer: Trainer,
  options: Pick<FitOptions, 'batchSize'> & Partial<FitOptions>,
): Promise<StepReport[]> {
  const steps: StepReport[] = [];
  await trainer.fit(data, {
    seed: 4,
    augment: { crop: 1, flip: true },
    onStep: (step) => void steps.push(step),
    ...options,
  });
  return steps;
}

const weightsOf = ({ model, optimizer }: Trainer): (Float32Array | Int32Array)[] =>
  [...model.stateDict().values(), ...optimizer.state().values()].map((tensor) => tensor.data());

describe('accumulate', () => {
  it('is a larger batch, up to rounding, with groups and batches that are not whole', async () => {
    const [large, small] = [newTrainer(plainNet()), newTrainer(plainNet())];
    const expected = await fit(large, { batchSize: 12, epochs: 3 });
    const steps = await fit(small, { batchSize: 4, accumulate: 3, epochs: 3 });
    expect(steps.length).toBe(6);
    steps.forEach((step, index) => {
      const { loss, accuracy, gradientNorms, ...facts } = step;
      expect(facts).toMatchObject({ ...pick(expected[index]!), images: index % 2 ? 10 : 12 });
      expect(loss).toBeCloseTo(expected[index]!.loss, 5);
      expect(accuracy).toBeCloseTo(expected[index]!.accuracy, 12);
      expect(Object.keys(gradientNorms!)).toEqual(['0.weight', '3.weight']);
      for (const [name, norm] of Object.entries(gradientNorms!)) {
        expect(norm).toBeCloseTo(expected[index]!.gradientNorms![name]!, 4);
      }
    });
    const [wanted, got] = [large, small].map(weightsOf);
    got!.forEach((values, tensor) =>
      values.forEach((value, i) => expect(value).toBeCloseTo(wanted![tensor]![i]!, 5)),
    );
  });

  it('tells what the network made of the images before the step', async () => {
    const trainer = newTrainer(plainNet());
    const before = await trainer.evaluate(data);
    const [step] = await fit(trainer, { batchSize: 8, accumulate: 3, epochs: 1, augment: {} });
    expect(before.accuracy).toBeGreaterThan(0);
    expect(step!.images).toBe(22);
    expect(step!.accuracy).toBeCloseTo(before.accuracy, 12);
    expect(step!.loss).toBeCloseTo(before.loss, 5);
  });

  it('of one batch is a plain step', async () => {
    const [plain, one] = [newTrainer(batchNormNet()), newTrainer(batchNormNet())];
    await fit(plain, { batchSize: 8, epochs: 1 });
    await fit(one, { batchSize: 8, accumulate: 1, epochs: 1 });
    expectSameBits(weightsOf(one), weightsOf(plain), 'weights and moments');
  });

  it('goes on in the middle of an epoch with the bits of a run that never stopped', async () => {
    const whole = newTrainer(batchNormNet());
    await fit(whole, { batchSize: 3, accumulate: 2, epochs: 2 });
    const stop = new AbortController();
    const broken = newTrainer(batchNormNet());
    const options = { batchSize: 3, accumulate: 2, until: 2 };
    await fit(broken, {
      ...options,
      signal: stop.signal,
      onStep: ({ step }) => {
        if (step === 2) stop.abort();
      },
    });
    expect(broken.step).toBe(2);
    broken.dispose();
    await fit(broken, options);
    expect(broken.step).toBe(8);
    expectSameBits(weightsOf(broken), weightsOf(whole), 'weights and moments');
  });

  it('refuses a number that is not whole', async () => {
    const trainer = newTrainer(plainNet());
    await expect(fit(trainer, { batchSize: 4, epochs: 1, accumulate: 1.5 })).rejects.toThrow(
      'fit: accumulate is 1.5 but must be a whole number of at least 1',
    );
  });
});

/** What a step must have in common with that of the larger batch. */
function pick({ step, steps, epoch, epochStep, epochSteps, learningRate }: StepReport): object {
  return { step, steps, epoch, epochStep, epochSteps, learningRate };
}
