import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { imageDataset, type ImageDataset } from '../../ts/data/dataset.ts';
import { FormatError, StateDictError } from '../../ts/base/errors.ts';
import { globalAvgPool2d } from '../../ts/functions/globalAvgPool2d.ts';
import { relu } from '../../ts/functions/relu.ts';
import {
  parseSafetensors,
  serializeSafetensors,
  type Safetensors,
  type SafetensorsTensor,
} from '../../ts/io/safetensors.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { BatchNorm2d } from '../../ts/nn/batchNorm2d.ts';
import { Conv2d } from '../../ts/nn/conv2d.ts';
import { Dropout } from '../../ts/nn/dropout.ts';
import { Flatten } from '../../ts/nn/flatten.ts';
import { Linear } from '../../ts/nn/linear.ts';
import { Module } from '../../ts/nn/module.ts';
import { manualSeed } from '../../ts/nn/seed.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import { oneCycleSchedule } from '../../ts/optim/schedule.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { RandomStream } from '../../ts/base/random.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import {
  checkpointFacts,
  checkpointTensors,
  modelOfCheckpoint,
  restoreCheckpoint,
  restoreWeights,
  type CheckpointInfo,
} from '../../ts/train/checkpoint.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { errorOf } from '../data/generated.ts';
import { expectSameBits } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 2 });
});
afterAll(() => currentEngine().close());

const SIDE = 8;
const COUNT = 20;
const BATCH = 8;
const EPOCHS = 2;

function blobs(): ImageDataset {
  const random = new RandomStream(5, 'blobs');
  const images = Uint8Array.from({ length: COUNT * SIDE * SIDE }, () => random.below(256));
  const labels = Uint8Array.from({ length: COUNT }, () => random.below(10));
  const classes = Array.from({ length: 10 }, (_, index) => String(index));
  return imageDataset({
    name: 'blobs',
    images,
    labels,
    height: SIDE,
    width: SIDE,
    channels: 1,
    classes,
  });
}

class DropoutNet extends Module {
  readonly conv = new Conv2d(1, 8, { kernelSize: 3, padding: 1, bias: false });
  readonly bn = new BatchNorm2d(8);
  readonly dropout = new Dropout(0.5);
  readonly fc = new Linear(8, 10);

  override forward(x: Tensor): Tensor {
    const features = globalAvgPool2d(relu(this.bn.forward(this.conv.forward(x))));
    return this.fc.forward(this.dropout.forward(features));
  }
}

const kinds = {
  'resnet8, Nesterov': (): Trainer => {
    const model = resnet8({ inChannels: 1, seed: 3 });
    const optimizer = new SGD(model.parameters(), {
      momentum: 0.9,
      nesterov: true,
      weightDecay: 5e-4,
    });
    return new Trainer(model, { optimizer, schedule: oneCycleSchedule(0.1), labelSmoothing: 0.1 });
  },
  'dropout, AdamW': (): Trainer => {
    manualSeed(3);
    const model = new DropoutNet();
    const optimizer = new AdamW(model.parameters());
    return new Trainer(model, { optimizer, schedule: oneCycleSchedule(0.01) });
  },
};

const info: CheckpointInfo = {
  model: 'resnet8',
  modelOptions: { inChannels: 1, numClasses: 10 },
  data: { name: 'blobs', height: 8, width: 8, channels: 1, classes: [], mean: [0.5], std: [0.3] },
  seed: 3,
  settings: { note: 'kept' },
};

/** Trains until `end` steps are done; losses of each. */
async function trainTo(trainer: Trainer, end: number, data: ImageDataset): Promise<number[]> {
  const stop = new AbortController();
  const losses: number[] = [];
  await trainer.fit(data, {
    until: EPOCHS,
    batchSize: BATCH,
    seed: 7,
    augment: { crop: 1, flip: true },
    signal: stop.signal,
    onStep: ({ step, loss }) => {
      losses.push(loss);
      if (step === end) stop.abort();
    },
  });
  return losses;
}

const toFile = (trainer: Trainer): Uint8Array => {
  const { tensors, metadata } = checkpointTensors(trainer, info);
  return serializeSafetensors(tensors, metadata);
};

const bitsOf = (trainer: Trainer): (Float32Array | Int32Array)[] =>
  [...trainer.model.stateDict().values(), ...trainer.optimizer.state().values()].map((t) =>
    t.data(),
  );

describe.each(Object.entries(kinds))('a resumed run of %s', (_, make) => {
  const steps = EPOCHS * Math.ceil(COUNT / BATCH);

  it.each([1, 2, 3, 4])('goes on bit for bit after step %i', async (cut) => {
    const data = blobs();
    const straight = make();
    const losses = await trainTo(straight, steps, data);
    expect(losses).toHaveLength(steps);

    const first = make();
    const begun = await trainTo(first, cut, data);
    const bytes = toFile(first);
    manualSeed(99);
    const second = make();
    const facts = restoreCheckpoint(second, parseSafetensors(bytes, 'a'), 'a');
    expect(facts).toMatchObject({ ...info, step: cut });
    expect(second.step).toBe(cut);
    const rest = await trainTo(second, steps, data);
    expect([...begun, ...rest]).toEqual(losses);
    expectSameBits(bitsOf(second), bitsOf(straight), 'weights and moments');
    for (const trainer of [straight, first, second]) trainer.dispose();
  });
});

it('weights that have missed steps take the count of a checkpoint where none has', async () => {
  const data = blobs();
  const make = kinds['dropout, AdamW'];
  const source = make();
  await trainTo(source, 2, data);
  const contents = checkpointTensors(source, info);
  const counts = [...contents.tensors.keys()].filter((name) => name.endsWith('.step'));
  expect(counts).toEqual(['optimizer.step']);

  const weights = (trainer: Trainer) =>
    [...trainer.model.stateDict().values()].map((tensor) => tensor.data());
  // Dropout's state is one for all networks: the checkpoint brings back the one of its step.
  await trainTo(source, 5, data);
  const expected = weights(source);

  const target = make();
  const { fc } = target.model as DropoutNet;
  fc.freezeAll();
  await trainTo(target, 1, data);
  fc.unfreezeAll();
  expect([...target.optimizer.state().get('fc.weight.step')!.data()]).toEqual([0]);
  restoreCheckpoint(target, contents, 'a');
  for (const name of ['step', 'fc.weight.step', 'fc.bias.step']) {
    expect([...target.optimizer.state().get(name)!.data()], name).toEqual([2]);
  }
  await trainTo(target, 5, data);
  expectSameBits(weights(target), expected, 'after five steps');
});

describe('checkpointTensors', () => {
  it("has torchvision's names, layouts and dtypes", () => {
    const { tensors, metadata } = checkpointTensors(kinds['resnet8, Nesterov'](), info);
    const shapeOf = (name: string): unknown => [tensors.get(name)?.dtype, tensors.get(name)?.shape];
    expect(shapeOf('layer2.0.conv1.weight')).toEqual(['F32', [32, 16, 3, 3]]);
    expect(shapeOf('layer1.0.bn2.running_var')).toEqual(['F32', [16]]);
    expect(shapeOf('layer1.0.bn2.num_batches_tracked')).toEqual(['I64', []]);
    expect(shapeOf('fc.weight')).toEqual(['F32', [10, 64]]);
    expect(shapeOf('optimizer.fc.weight.momentum')).toEqual(['F32', [10, 64]]);
    expect(shapeOf('random.dropout')).toEqual(['I32', [4]]);
    expect(metadata['format']).toBe('pt');
  });

  it('puts a weight where torch has it', () => {
    const trainer = kinds['resnet8, Nesterov']();
    const own = trainer.model.stateDict().get('layer2.0.conv1.weight')!.data();
    const { data } = checkpointTensors(trainer, info).tensors.get('layer2.0.conv1.weight')!;
    const [output, input, y, x] = [5, 3, 2, 1];
    expect(data[((output * 16 + input) * 3 + y) * 3 + x]).toBe(
      own[((y * 3 + x) * 16 + input) * 32 + output],
    );
  });
});

describe('a linear layer on a flattened image', () => {
  class Flat extends Module {
    readonly flatten = new Flatten();
    readonly fc = new Linear(2 * 3 * 4, 5, { flattened: [2, 3, 4] });

    override forward(x: Tensor): Tensor {
      return this.fc.forward(this.flatten.forward(x));
    }
  }

  const flat = (): Trainer => {
    const model = new Flat();
    return new Trainer(model, { optimizer: new SGD(model.parameters(), { momentum: 0.9 }) });
  };

  it('has its inputs channels first in the file, its momentum too', () => {
    const trainer = flat();
    const momentum = trainer.optimizer.state().get('fc.weight.momentum')!;
    momentum.write(Float32Array.from({ length: 120 }, (_, index) => index));
    const { tensors } = checkpointTensors(trainer, info);
    const [y, x, channel, output] = [1, 2, 3, 4];
    for (const [name, own] of [
      ['fc.weight', trainer.model.stateDict().get('fc.weight')!],
      ['optimizer.fc.weight.momentum', momentum],
    ] as const) {
      const { shape, data } = tensors.get(name)!;
      expect(shape).toEqual([5, 24]);
      expect(data[output * 24 + (channel * 2 + y) * 3 + x]).toBe(
        own.data()[((y * 3 + x) * 4 + channel) * 5 + output],
      );
    }
    const other = flat();
    restoreCheckpoint(other, { tensors, metadata: checkpointTensors(trainer, info).metadata }, 'a');
    expectSameBits(bitsOf(other), bitsOf(trainer), 'restored');
  });
});

describe('modelOfCheckpoint', () => {
  /** A checkpoint of a trainer whose facts say something else; `trainedOn` as 0.1.0 left it, which did not say it. */
  const changed = (data: object, facts: object = {}): Safetensors => {
    const { tensors, metadata } = checkpointTensors(kinds['resnet8, Nesterov'](), info);
    const written = JSON.parse(metadata['residua']!) as { data: object };
    const residua = JSON.stringify({ ...written, ...facts, data: { ...written.data, ...data } });
    return { tensors, metadata: { residua } };
  };

  it.each<[object, object, string]>([
    [
      { height: 4000, width: 4000 },
      {},
      'data.height and width: images are 4000 × 4000 × 1, of which conv1 makes [1, 4000, 4000, 16] but at most ' +
        '134217728 values are allowed',
    ],
    [
      { height: 4000 },
      { trainedOn: { height: 28, width: 28 } },
      'data.height: is 4000 but the network was trained on images of 28 × 28',
    ],
    [
      { width: 113 },
      { trainedOn: { height: 28, width: 28 } },
      'data.width: is 113 but the network was trained on images of 28 × 28',
    ],
    [
      { channels: 2, mean: [0, 0], std: [1, 1] },
      { modelOptions: { numClasses: 10 } },
      'data: images are 8 × 8 × 2 but the network does not take them: ' +
        'conv1: conv2d: input [1, 8, 8, 2] has 2 channels but weight expects 3',
    ],
    [
      { classes: ['a', 'b'] },
      { modelOptions: { inChannels: 1 } },
      'data.classes: has 2 names but the network has 10 outputs',
    ],
  ])('refuses images of %j', (data, facts, message) => {
    const error = errorOf(() => modelOfCheckpoint(changed(data, facts), 'a'));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toBe(`a: checkpoint: ${message}`);
  });

  it('takes images somewhat larger than those of the training', () => {
    const size = { height: 112, width: 112 };
    const contents = changed(size, { trainedOn: { height: 28, width: 28 } });
    modelOfCheckpoint(contents, 'a').dispose();
  });

  it('knows the images of the training, and goes on knowing them', async () => {
    const trainer = kinds['resnet8, Nesterov']();
    await trainTo(trainer, 1, blobs());
    const contents = checkpointTensors(trainer, info);
    expect(checkpointFacts(contents, 'a').trainedOn).toEqual({ height: 8, width: 8 });
    const other = kinds['resnet8, Nesterov']();
    restoreCheckpoint(other, contents, 'a');
    expect(other.trainedOn).toEqual({ height: 8, width: 8 });
    const large = { ...info, data: { ...info.data, height: 40 } };
    expect(() => checkpointTensors(trainer, large)).toThrow(
      'checkpoint: data.height: is 40 but the network was trained on images of 8 × 8',
    );
  });

  it('builds the network with its weights', () => {
    const trainer = kinds['resnet8, Nesterov']();
    const model = modelOfCheckpoint(parseSafetensors(toFile(trainer), 'a'), 'a');
    const values = (from: Module): (Float32Array | Int32Array)[] =>
      [...from.stateDict().values()].map((t) => t.data());
    expectSameBits(values(model), values(trainer.model), 'weights');
  });

  it('names the networks it knows', () => {
    const contents = checkpointTensors(kinds['resnet8, Nesterov'](), { ...info, model: 'vgg' });
    expect(() => modelOfCheckpoint(contents, 'a')).toThrow(
      /^a: checkpoint: is of network vgg but known are resnet8, /,
    );
  });

  it('says why a network cannot be made', () => {
    const { tensors, metadata } = checkpointTensors(kinds['resnet8, Nesterov'](), info);
    const facts = JSON.parse(metadata['residua']!) as { modelOptions: object };
    const modelOptions = { ...facts.modelOptions, skips: [[1, 99]] };
    const residua = JSON.stringify({ ...facts, model: 'vgg13', modelOptions });
    const error = errorOf(() => modelOfCheckpoint({ tensors, metadata: { residua } }, 'a'));
    expect(error).toBeInstanceOf(StateDictError);
    expect(error.message).toMatch(/^a: checkpoint: its network vgg13 cannot be made: VGG: /);
  });
});

type Change = (contents: {
  tensors: Map<string, SafetensorsTensor>;
  metadata: Record<string, string>;
}) => void;

const floats = (size: number): SafetensorsTensor => ({
  dtype: 'F32',
  shape: [size],
  data: new Float32Array(size),
});

describe('a checkpoint that does not fit', () => {
  const cases: readonly [string, Change, string][] = [
    [
      'missing and unexpected tensors',
      ({ tensors }) => {
        tensors.delete('bn1.weight');
        tensors.delete('optimizer.fc.bias.momentum');
        tensors.set('extra', floats(1));
      },
      'a: checkpoint: missing: bn1.weight, optimizer.fc.bias.momentum; unexpected: extra',
    ],
    [
      'as many missing as unexpected tensors',
      ({ tensors }) => {
        tensors.delete('bn1.weight');
        tensors.set('extra', floats(1));
      },
      'a: checkpoint: missing: bn1.weight; unexpected: extra',
    ],
    [
      'another dtype',
      ({ tensors }) =>
        tensors.set('bn1.weight', { dtype: 'F64', shape: [16], data: new Float64Array(16) }),
      'a: checkpoint: bn1.weight: is F64 but must be F32',
    ],
    [
      'another shape',
      ({ tensors }) => tensors.set('fc.bias', floats(9)),
      'a: checkpoint: fc.bias: is [9] but the model has [10]',
    ],
    [
      'no word about itself',
      ({ metadata }) => delete metadata['residua'],
      'a: checkpoint: has no "residua" entry in its metadata but one is needed to know its network',
    ],
    [
      'metadata that is no JSON',
      ({ metadata }) => (metadata['residua'] = '{'),
      'a: checkpoint: its "residua" metadata is not JSON',
    ],
    [
      'another version',
      ({ metadata }) => (metadata['residua'] = '{"version":2}'),
      'a: checkpoint: is of version 2 but this code reads 1',
    ],
    [
      'metadata that lacks a part',
      ({ metadata }) => (metadata['residua'] = '{"version":1,"model":"resnet8"}'),
      'a: checkpoint: its "residua" metadata does not say model, modelOptions, data, step, seed and settings',
    ],
  ];

  it.each(cases)('%s', (_, change, message) => {
    const source = kinds['resnet8, Nesterov']();
    const contents: Safetensors = checkpointTensors(source, info);
    change(contents);
    const trainer = kinds['resnet8, Nesterov']();
    trainer.model.stateDict().get('bn1.bias')!.write(new Float32Array(16).fill(7));
    const before = bitsOf(trainer);
    const attempt = (): unknown => restoreCheckpoint(trainer, contents, 'a');
    expect(attempt).toThrow(message);
    expectSameBits(bitsOf(trainer), before, 'untouched');
    expect(trainer.step).toBe(0);
  });

  it('restores weights alone without the optimizer, and refuses the rest', () => {
    const contents = checkpointTensors(kinds['resnet8, Nesterov'](), info);
    for (const name of [...contents.tensors.keys()])
      if (name.startsWith('optimizer.')) contents.tensors.delete(name);
    restoreWeights(resnet8({ inChannels: 1 }), contents, 'a');
    contents.tensors.delete('fc.bias');
    expect(() => restoreWeights(resnet8({ inChannels: 1 }), contents, 'a')).toThrow(StateDictError);
  });

  it('names the file that is truncated', () => {
    const bytes = toFile(kinds['resnet8, Nesterov']());
    expect(() => parseSafetensors(bytes.subarray(0, bytes.length - 1), 'a.safetensors')).toThrow(
      /^a\.safetensors: /,
    );
    expect(() => checkpointFacts({ tensors: new Map(), metadata: {} }, 'a')).toThrow(FormatError);
  });
});
