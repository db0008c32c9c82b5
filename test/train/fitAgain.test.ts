import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import type { ImageDataset } from '../../ts/data/dataset.ts';
import { parseSafetensors, serializeSafetensors } from '../../ts/io/safetensors.ts';
import { resnet8 } from '../../ts/models/index.ts';
import { cosineSchedule } from '../../ts/optim/schedule.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { checkpointTensors, restoreCheckpoint } from '../../ts/train/checkpoint.ts';
import type { FitOptions } from '../../ts/train/fitOptions.ts';
import type { StepReport } from '../../ts/train/metrics.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { randomDataset } from '../data/generated.ts';
import { expectSameBits } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const data: ImageDataset = { ...randomDataset(20, 8, 8, 1), name: 'twenty' };
const other: ImageDataset = { ...randomDataset(12, 8, 8, 1), name: 'twelve' };

function newTrainer(): Trainer {
  const model = resnet8({ inChannels: 1, numClasses: 3, seed: 1 });
  const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  return new Trainer(model, { optimizer, schedule: cosineSchedule(0.05) });
}

const weightsOf = ({ model }: Trainer): (Float32Array | Int32Array)[] =>
  [...model.stateDict().values()].map((tensor) => tensor.data());

/** Batches of 8: three steps an epoch of `data`, two of `other`. */
async function fit(
  trainer: Trainer,
  options: Partial<FitOptions>,
  images = data,
): Promise<StepReport[]> {
  const steps: StepReport[] = [];
  await trainer.fit(images, {
    batchSize: 8,
    seed: 4,
    augment: { crop: 1, flip: true },
    onStep: (report) => void steps.push(report),
    ...options,
  });
  return steps;
}

/** Stops after the step with this number. */
function stopAfter(last: number): Pick<FitOptions, 'signal' | 'onStep'> {
  const stop = new AbortController();
  return { signal: stop.signal, onStep: ({ step }) => void (step === last && stop.abort()) };
}

describe('fit({ epochs })', () => {
  it('trains each time, so many epochs more', async () => {
    const trainer = newTrainer();
    for (let round = 0; round < 3; round++) {
      const { epochs, steps, aborted } = await trainer.fit(data, { epochs: 1, batchSize: 8 });
      expect(epochs).toHaveLength(1);
      expect(epochs[0]).toMatchObject({ epoch: round, epochs: round + 1 });
      expect([steps, aborted]).toEqual([3 * (round + 1), false]);
    }
    const before = weightsOf(trainer);
    const steps = await fit(trainer, { epochs: 2 });
    expect(steps.map(({ step }) => step)).toEqual([10, 11, 12, 13, 14, 15]);
    expect(steps.map(({ epoch }) => epoch)).toEqual([3, 3, 3, 4, 4, 4]);
    expect(steps.map(({ epochStep }) => epochStep)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(steps.every((step) => step.steps === 15 && step.epochSteps === 3)).toBe(true);
    expect(weightsOf(trainer)).not.toEqual(before);
  });

  it('begins on other images with the first of them', async () => {
    const trainer = newTrainer();
    await fit(trainer, { epochs: 1, ...stopAfter(1) });
    const steps = await fit(trainer, { epochs: 2 }, other);
    expect(steps.map(({ images }) => images)).toEqual([8, 4, 8, 4]);
    expect(steps.map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2]);
    expect(trainer.step).toBe(5);
  });

  it('has a schedule of its own, and another order of the images', async () => {
    const trainer = newTrainer();
    const rates = (steps: StepReport[]): number[] => steps.map(({ learningRate }) => learningRate);
    const first = await fit(trainer, { epochs: 2 });
    const second = await fit(trainer, { epochs: 2 });
    expect(rates(first)[0]).toBeCloseTo(0.05, 7);
    expect(rates(second)).toEqual(rates(first));
    // Without a step in between the losses would be those of the same batches.
    const still = newTrainer();
    still.optimizer.learningRate = 0;
    const losses = async (): Promise<number[]> =>
      (
        await new Trainer(still.model, { optimizer: still.optimizer }).fit(data, {
          epochs: 1,
          batchSize: 8,
        })
      ).epochs.map(({ loss }) => loss);
    expect(await losses()).toEqual(await losses());
    const one = new Trainer(still.model, { optimizer: still.optimizer });
    const [early] = (await one.fit(data, { epochs: 1, batchSize: 8 })).epochs;
    const [late] = (await one.fit(data, { epochs: 1, batchSize: 8 })).epochs;
    expect(late!.loss).not.toBe(early!.loss);
  });
});

describe('fit({ until })', () => {
  it('goes on with a run that was stopped, bit for bit, and with one that is done', async () => {
    const whole = newTrainer();
    await fit(whole, { epochs: 3 });
    const broken = newTrainer();
    await fit(broken, { epochs: 3, ...stopAfter(4) });
    expect(broken.step).toBe(4);
    await fit(broken, { until: 3, ...stopAfter(5) });
    await fit(broken, { until: 3 });
    expect(broken.step).toBe(9);
    expectSameBits(weightsOf(broken), weightsOf(whole), 'weights');
    expect((await broken.fit(data, { until: 3, batchSize: 8 })).epochs).toEqual([]);
    const longer = await fit(broken, { until: 4 });
    expect(longer.map(({ step, steps }) => [step, steps])).toEqual(
      [10, 11, 12].map((s) => [s, 12]),
    );
  });

  it('goes on with a second run from its checkpoint', async () => {
    const info = {
      model: 'resnet8',
      modelOptions: { inChannels: 1, numClasses: 3 },
      data,
      seed: 1,
      settings: {},
    };
    const whole = newTrainer();
    await fit(whole, { epochs: 1 }, other);
    await fit(whole, { epochs: 2 });
    const broken = newTrainer();
    await fit(broken, { epochs: 1 }, other);
    await fit(broken, { epochs: 2, ...stopAfter(6) });
    expect(broken.begun).toEqual({ step: 2, epoch: 1 });
    const { tensors, metadata } = checkpointTensors(broken, info);
    const contents = parseSafetensors(serializeSafetensors(tensors, metadata), 'a');
    const resumed = newTrainer();
    expect(restoreCheckpoint(resumed, contents, 'a')).toMatchObject({
      step: 6,
      begun: { step: 2, epoch: 1 },
    });
    const steps = await fit(resumed, { until: 2 });
    expect(steps.map(({ step, epoch }) => [step, epoch])).toEqual([
      [7, 2],
      [8, 2],
    ]);
    expectSameBits(weightsOf(resumed), weightsOf(whole), 'weights');
    const later = metadata['residua']!.replace('"begun":{"step":2', '"begun":{"step":7');
    const damaged = { tensors: contents.tensors, metadata: { ...metadata, residua: later } };
    expect(() => restoreCheckpoint(newTrainer(), damaged, 'a')).toThrow(
      'a: checkpoint: begun.step: is 7 but the run is at step 6',
    );
  });

  it('refuses other images and other batches', async () => {
    const trainer = newTrainer();
    await fit(trainer, { epochs: 2, ...stopAfter(1) });
    await expect(fit(trainer, { until: 2 }, other)).rejects.toThrow(
      'fit: until goes on with the run over 20 images of twenty in batches of 8 but is given 12 images of twelve in ' +
        'batches of 8: take epochs to begin another run',
    );
    await expect(fit(trainer, { until: 2, accumulate: 2 })).rejects.toThrow('2 a step');
    await expect(fit(trainer, { until: 2, dropLast: true })).rejects.toThrow('whole ones alone');
    expect(trainer.step).toBe(1);
  });
});

it('fit wants either epochs or until, a whole number', async () => {
  const trainer = newTrainer();
  await expect(fit(trainer, {})).rejects.toThrow(
    'fit: takes epochs (so many more) or until (so many in all) but neither is given',
  );
  await expect(fit(trainer, { epochs: 1, until: 2 })).rejects.toThrow('both are given');
  await expect(fit(trainer, { epochs: 0.5 })).rejects.toThrow(
    'fit: epochs is 0.5 but must be a whole number of at least 1',
  );
  await expect(fit(trainer, { until: 0 })).rejects.toThrow('fit: until is 0');
});

it('a rate that is set between steps stays where there is no schedule', async () => {
  const model = resnet8({ inChannels: 1, numClasses: 3, seed: 1 });
  const optimizer = new SGD(model.parameters(), { lr: 0.05 });
  const trainer = new Trainer(model, { optimizer });
  const rates: number[] = [];
  await fit(trainer, {
    epochs: 2,
    onStep: ({ step, learningRate }) => {
      rates.push(learningRate);
      if (step === 2) optimizer.learningRate = 0.01;
    },
  });
  expect(rates).toEqual([0.05, 0.05, 0.01, 0.01, 0.01, 0.01].map(Math.fround));
});
