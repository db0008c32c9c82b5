import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import type { Batch } from '../../ts/data/loader.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { relu } from '../../ts/functions/relu.ts';
import { reshape } from '../../ts/functions/reshape.ts';
import { parseSafetensors, serializeSafetensors } from '../../ts/io/safetensors.ts';
import { resnet8 } from '../../ts/models/index.ts';
import { Linear, Module } from '../../ts/nn/index.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import type { Optimizer } from '../../ts/optim/optimizer.ts';
import { type Parameters } from '../../ts/optim/optimizer.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { scope } from '../../ts/core/scope.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { checkpointTensors, restoreCheckpoint } from '../../ts/train/checkpoint.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { goldenLabels, goldenTensor } from '../golden/generator.ts';
import { readGolden } from '../golden/readGolden.ts';
import { goldenImages, inTorchOrder, relativeError, ROUNDING } from '../helpers/goldenModel.ts';
import { randomDataset } from '../data/generated.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const golden = readGolden('freezing.safetensors');
const [ROWS, FEATURES, HIDDEN, CLASSES] = [12, 6, 8, 5];
const x = goldenTensor('freezing/x', [ROWS, FEATURES]);
const labels = goldenLabels('freezing/labels', ROWS, CLASSES);

interface GoldenRun {
  readonly frozen: readonly string[][];
  readonly lr: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weight_decay: number;
}
const runs = golden.fact<Record<string, GoldenRun>>('runs');
const f32Error = golden.fact<Record<string, number>>('f32Error');

/** The golden script's net. */
class Net extends Module {
  readonly first = new Linear(FEATURES, HIDDEN);
  readonly second = new Linear(HIDDEN, CLASSES);

  constructor() {
    super();
    for (const [name, weight] of this.stateDict()) {
      const [features, outputs] = [weight.shape[0]!, weight.shape.at(-1)!];
      const isMatrix = weight.shape.length === 2;
      const values = goldenTensor(
        `freezing/${name}`,
        isMatrix ? [outputs, features] : [outputs],
        0.5,
      );
      const at = (i: number): number =>
        isMatrix ? values[(i % outputs) * features + Math.floor(i / outputs)]! : values[i]!;
      weight.write(Float32Array.from(values, (_, i) => at(i)));
    }
  }

  override forward(image: Tensor): Tensor {
    return this.second.forward(relu(this.first.forward(reshape(image, [image.shape[0]!, -1]))));
  }
}

function freezeAsIn(net: Net, frozen: readonly string[]): void {
  for (const [name, layer] of net.children()) {
    if (frozen.includes(name)) layer.freezeAll();
    else layer.unfreezeAll();
  }
}

function optimizerOf(kind: string, weights: Parameters): Optimizer {
  const { lr, momentum = 0, nesterov = false, weight_decay: weightDecay } = runs[kind]!;
  return kind.startsWith('adamw')
    ? new AdamW(weights, { lr, weightDecay })
    : new SGD(weights, { lr, momentum, nesterov, weightDecay });
}

/** When the optimizer is made, and of which weights. */
const orders: Readonly<Record<string, (net: Net, kind: string) => Optimizer>> = {
  'the optimizer first': (net, kind) => optimizerOf(kind, net.parameters()),
  'the weights first': (net, kind) => {
    const weights = net.parameters();
    net.first.freezeAll();
    return optimizerOf(kind, weights);
  },
  'freezing first': (net, kind) => {
    net.first.freezeAll();
    return optimizerOf(kind, net.parameters());
  },
  'a list of weights': (net, kind) => optimizerOf(kind, [...net.parameters().values()]),
};

const batch: Batch = {
  images: x,
  labels,
  shape: [ROWS, 1, 1, FEATURES],
  indices: new Uint32Array(ROWS),
  index: 0,
  last: true,
};

function eagerStep(net: Net, optimizer: Optimizer): void {
  scope(() => {
    const logits = net.forward(tensor(x, [ROWS, FEATURES]));
    const loss = crossEntropy(logits, tensor(labels, [ROWS], 'i32'));
    optimizer.step(gradients(loss, [...net.parameters().values()]));
  });
}

describe.each(Object.keys(runs))(
  'freezing and thawing with %s gives the weights of PyTorch',
  (kind) => {
    const cases = Object.keys(orders).flatMap((order) =>
      (order === 'a list of weights' ? ['compiled'] : ['compiled', 'eager']).map((how) => [
        order,
        how,
      ]),
    );

    it.each(cases)('%s, %s', async (order, how) => {
      const net = new Net();
      const optimizer = orders[order]!(net, kind);
      const trainer = new Trainer(net, { optimizer });
      const { frozen } = runs[kind]!;
      for (const [step, layers] of frozen.entries()) {
        freezeAsIn(net, layers);
        if (how === 'eager') eagerStep(net, optimizer);
        else await trainer.trainStep(batch);
        for (const [name, { shape, data }] of [...net.stateDict()].map(
          ([of, weight]) => [of, { shape: weight.shape, data: weight.data() }] as const,
        )) {
          const values = inTorchOrder(shape, data);
          const truth = golden.array(`${kind}/${name}`).values;
          const expected = truth.slice(step * values.length, (step + 1) * values.length);
          const bound = 5 * Math.max(f32Error[kind]!, ROUNDING);
          expect(relativeError(values, expected), `step ${step}: ${name}`).toBeLessThan(bound);
        }
      }
    });
  },
);

describe('unfreeze', () => {
  const movedBy = async (model: Module, act: () => Promise<unknown>): Promise<string[]> => {
    const before = new Map([...model.stateDict()].map(([name, t]) => [name, t.data()]));
    await act();
    return [...model.stateDict()]
      .filter(([name, t]) => t.data().some((value, i) => value !== before.get(name)![i]))
      .map(([name]) => name);
  };
  const images = goldenImages('unfreeze', [4, 3, 8, 8]);

  it('moves all again, statistics too, whenever the optimizer was made', async () => {
    for (const late of [false, true]) {
      const model = resnet8({ seed: 1 });
      const early = late ? undefined : model.parameters();
      model.freeze();
      expect([...model.buffers().keys()].every((name) => /running|num_batches/.test(name))).toBe(
        true,
      );
      const optimizer = new SGD(early ?? model.parameters(), { lr: 0.1, weightDecay: 0.01 });
      const trainer = new Trainer(model, { optimizer });
      const step = (): Promise<unknown> => trainer.trainStep(images);
      expect(await movedBy(model, step)).toEqual(['fc.weight', 'fc.bias']);
      model.unfreeze();
      expect(await movedBy(model, step)).toEqual([...model.stateDict().keys()]);
    }
  });

  it('begins at a module', async () => {
    const model = resnet8({ seed: 1 });
    model.freeze();
    model.unfreeze('layer3.0.conv2');
    expect([...model.parameters().keys()]).toEqual([
      'layer3.0.conv2.weight',
      'layer3.0.bn2.weight',
      'layer3.0.bn2.bias',
      'fc.weight',
      'fc.bias',
    ]);
    expect(model.bn1).toMatchObject({ frozen: true });
    expect(() => model.unfreeze('layer4')).toThrow(
      'unfreeze: there is no module "layer4": take one of conv1, bn1, layer1, layer2, layer3, fc',
    );
  });

  it.each(['SGD', 'AdamW'])('is in a checkpoint of %s, with the moments', async (kind) => {
    const make = (): Trainer => {
      const model = resnet8({ seed: 1 });
      model.freeze('layer1');
      const weights = model.parameters();
      const optimizer =
        kind === 'SGD' ? new SGD(weights, { momentum: 0.9 }) : new AdamW(weights, { lr: 0.01 });
      return new Trainer(model, { optimizer });
    };
    const info = {
      model: 'resnet8',
      modelOptions: {},
      data: { ...randomDataset(3, 8, 8, 3) },
      seed: 1,
      settings: {},
    };
    const whole = make();
    await whole.trainStep(images);
    (whole.model as ReturnType<typeof resnet8>).unfreeze();
    await whole.trainStep(images);
    const { tensors, metadata } = checkpointTensors(whole, info);
    const contents = parseSafetensors(serializeSafetensors(tensors, metadata), 'a');
    await whole.trainStep(images);
    const resumed = make();
    restoreCheckpoint(resumed, contents, 'a');
    (resumed.model as ReturnType<typeof resnet8>).unfreeze();
    await resumed.trainStep(images);
    const bits = ({ model }: Trainer): unknown =>
      [...model.stateDict().values()].map((value) => value.data());
    expect(bits(resumed)).toEqual(bits(whole));
  });
});

it('a weight that the loss does not depend on stays as it is, as in PyTorch', async () => {
  class Unused extends Net {
    readonly third = new Linear(3, 2);
  }
  const net = new Unused();
  const before = net.third.weight.data();
  const optimizer = new SGD(net.parameters(), { lr: 0.1, weightDecay: 0.1 });
  const trainer = new Trainer(net, { optimizer });
  await trainer.trainStep(batch);
  eagerStep(net, optimizer);
  expect(net.third.weight.data()).toEqual(before);
});

it('gradients in another order than the weights are refused', () => {
  const net = new Net();
  const optimizer = new SGD(net.parameters());
  scope(() => {
    const logits = net.forward(tensor(x, [ROWS, FEATURES]));
    const loss = crossEntropy(logits, tensor(labels, [ROWS], 'i32'));
    const reversed = gradients(loss, [...net.parameters().values()].reverse());
    expect(() => optimizer.step(reversed)).toThrow(
      'optimizer: the 4 gradients are by other tensors than its parameters, or in another order',
    );
  });
});
