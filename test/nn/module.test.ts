import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { tensor, zeros } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { ShapeError, StateDictError } from '../../ts/base/errors.ts';
import { sumSquares } from '../../ts/functions/sumSquares.ts';
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BasicBlock,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  DepthwiseConv2d,
  DenseConcat,
  Dropout,
  Flatten,
  GlobalAvgPool2d,
  Identity,
  Linear,
  manualSeed,
  MaxPool2d,
  Module,
  PReLU,
  ReLU,
  Residual,
  Sequential,
  shortcut,
  SubsamplePad,
} from '../../ts/nn/index.ts';
import { summary } from '../../ts/nn/summary.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import { largest } from '../helpers/close.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
useEngine(engine);
afterAll(() => engine.close());
beforeEach(() => {
  useEngine(engine);
  manualSeed(1);
});

const image = (...shape: number[]): Tensor => tensor(goldenTensor('image', shape), shape);

class Net extends Module {
  readonly stem = new Conv2d(1, 4, { kernelSize: 3, padding: 1, bias: false });
  readonly firstNorm = new BatchNorm2d(4);
  readonly blocks = new Sequential(
    new Residual(new Sequential(new Conv2d(4, 4, { kernelSize: 1 }), new ReLU())),
    new Identity(),
  );
  readonly fc = new Linear(4, 3);

  override forward(x: Tensor): Tensor {
    const y = this.blocks.forward(this.firstNorm.forward(this.stem.forward(x)));
    return this.fc.forward(new GlobalAvgPool2d().forward(y));
  }
}

const names = [
  'stem.weight',
  'first_norm.weight',
  'first_norm.bias',
  'first_norm.running_mean',
  'first_norm.running_var',
  'first_norm.num_batches_tracked',
  'blocks.0.body.0.weight',
  'blocks.0.body.0.bias',
  'fc.weight',
  'fc.bias',
];

describe('a tree of modules', () => {
  it('names its tensors after their property paths, in torch’s order', () => {
    const net = new Net();
    expect([...net.stateDict().keys()]).toEqual(names);
    const isBuffer = (name: string): boolean => /running|tracked/.test(name);
    expect([...net.buffers().keys()]).toEqual(names.filter(isBuffer));
    expect([...net.parameters().keys()]).toEqual(names.filter((name) => !isBuffer(name)));
    expect([...net.modules()].map(([path]) => path)).toEqual([
      '',
      'stem',
      'first_norm',
      'blocks',
      'blocks.0',
      'blocks.0.body',
      'blocks.0.body.0',
      'blocks.0.body.1',
      'blocks.0.shortcut',
      'blocks.1',
      'fc',
    ]);
  });

  it('switches modes all the way down', () => {
    const net = new Net();
    const modes = (): boolean[] => [...net.modules()].map(([, { training }]) => training);
    expect(new Set(modes())).toEqual(new Set([true]));
    expect(net.eval()).toBe(net);
    expect(new Set(modes())).toEqual(new Set([false]));
    net.train();
    expect(new Set(modes())).toEqual(new Set([true]));
  });

  it('says where an error is', () => {
    const net = new Net();
    net.name();
    const run = () => net.forward(image(2, 5, 5, 3));
    expect(run).toThrow(ShapeError);
    expect(run).toThrow('stem: conv2d: input [2, 5, 5, 3] has 3 channels but weight expects 1');
    const compiled = () => compile((x) => net.forward(x), [{ shape: [2, 5, 5, 2], dtype: 'f32' }]);
    expect(compiled).toThrow('stem: conv2d: input [2, 5, 5, 2] has 2 channels');
  });

  it('frees its memory', () => {
    const before = engine.usedBytes;
    const net = new Net();
    expect(engine.usedBytes).toBeGreaterThan(before);
    net.dispose();
    expect(engine.usedBytes).toBe(before);
  });

  it('stops gradients and statistics where it is frozen', () => {
    const net = new Net();
    net.stem.freezeAll();
    net.firstNorm.freezeAll();
    expect([...net.parameters().keys()]).toEqual(names.slice(6));
    const before = net.firstNorm.runningMean.data();
    const loss = sumSquares(net.forward(image(2, 5, 5, 1)));
    const [dw] = gradients(loss, [net.stem.weight]);
    expect(largest(dw!.data())).toBe(0);
    expect(net.firstNorm.runningMean.data()).toEqual(before);
    expect(net.firstNorm.numBatchesTracked.item()).toBe(0);
  });
});

describe('loadStateDict', () => {
  const valuesOf = (net: Module) =>
    new Map(
      [...net.stateDict()].map(([name, { shape }]) => {
        const data: ArrayLike<number> = goldenTensor(name, shape);
        return [name, { shape, data }] as const;
      }),
    );

  it('copies every tensor and marks it as written', () => {
    const net = new Net();
    const versions = [...net.stateDict().values()].map(({ version }) => version);
    const values = valuesOf(net);
    expect(net.loadStateDict(values)).toEqual({ missing: [], unexpected: [] });
    for (const [name, value] of net.parameters()) {
      expect([...value.data()]).toEqual([...Float32Array.from(values.get(name)!.data)]);
    }
    [...net.stateDict().values()].forEach(({ version }, i) =>
      expect(version).toBeGreaterThan(versions[i]!),
    );
  });

  it('lists missing and unexpected keys together, and changes nothing', () => {
    const net = new Net();
    const before = net.fc.weight.data();
    const values = valuesOf(net);
    values.delete('fc.bias');
    values.delete('stem.weight');
    values.set('head.weight', { shape: [1], data: [1] });
    expect(() => net.loadStateDict(values)).toThrow(StateDictError);
    expect(() => net.loadStateDict(values)).toThrow(
      'loadStateDict: missing: stem.weight, fc.bias; unexpected: head.weight',
    );
    expect(net.fc.weight.data()).toEqual(before);
  });

  it('takes what fits when it is not strict', () => {
    const net = new Net();
    const values = valuesOf(net);
    values.delete('fc.bias');
    values.set('head.weight', { shape: [1], data: [1] });
    expect(net.loadStateDict(values, { strict: false })).toEqual({
      missing: ['fc.bias'],
      unexpected: ['head.weight'],
    });
  });

  it('refuses another shape, and changes nothing', () => {
    const net = new Net();
    const before = net.stem.weight.data();
    const values = valuesOf(net);
    values.set('fc.weight', { shape: [3, 4], data: new Float32Array(12) });
    expect(() => net.loadStateDict(values)).toThrow(
      'loadStateDict: fc.weight: is [3, 4] but the model has [4, 3]',
    );
    expect(net.stem.weight.data()).toEqual(before);
  });
});

describe('layers', () => {
  it.each<[string, Module, number[], number[]]>([
    [
      'Conv2d',
      new Conv2d(3, 8, { kernelSize: [3, 5], stride: 2, padding: 'same' }),
      [2, 7, 9, 3],
      [2, 4, 5, 8],
    ],
    [
      'Conv2d in groups',
      new Conv2d(6, 9, { kernelSize: 3, groups: 3, dilation: 2 }),
      [1, 8, 8, 6],
      [1, 4, 4, 9],
    ],
    [
      'ConvTranspose2d',
      new ConvTranspose2d(6, 8, { kernelSize: [3, 2], stride: 2, outputPadding: 1, groups: 2 }),
      [2, 3, 4, 6],
      [2, 8, 9, 8],
    ],
    [
      'DepthwiseConv2d',
      new DepthwiseConv2d(6, { kernelSize: 3, stride: 2, padding: 1 }),
      [2, 3, 5, 6],
      [2, 2, 3, 6],
    ],
    ['BatchNorm2d', new BatchNorm2d(3), [2, 4, 4, 3], [2, 4, 4, 3]],
    ['Linear', new Linear(5, 7), [3, 5], [3, 7]],
    ['ReLU', new ReLU(), [3, 5], [3, 5]],
    ['Flatten', new Flatten(), [3, 2, 2, 5], [3, 20]],
    [
      'MaxPool2d',
      new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }),
      [1, 7, 7, 2],
      [1, 4, 4, 2],
    ],
    ['AvgPool2d', new AvgPool2d({ kernelSize: 2 }), [1, 7, 7, 2], [1, 3, 3, 2]],
    ['AdaptiveAvgPool2d', new AdaptiveAvgPool2d(3), [1, 7, 5, 2], [1, 3, 3, 2]],
    ['GlobalAvgPool2d', new GlobalAvgPool2d(), [2, 7, 5, 2], [2, 2]],
    ['SubsamplePad', new SubsamplePad(4, 8, 2), [1, 5, 5, 4], [1, 3, 3, 8]],
    ['Identity', new Identity(), [1, 2], [1, 2]],
    [
      'DenseConcat',
      new DenseConcat(new Conv2d(3, 2, { kernelSize: 1 })),
      [1, 4, 4, 3],
      [1, 4, 4, 5],
    ],
    ['BasicBlock', new BasicBlock(4, 8, { stride: 2 }), [2, 8, 8, 4], [2, 4, 4, 8]],
  ])('%s: %o', (_, layer, input, output) => {
    expect(layer.forward(image(...input)).shape).toEqual(output);
  });

  it.each<[string, () => unknown, string]>([
    [
      'groups',
      () => new Conv2d(4, 6, { kernelSize: 3, groups: 4 }),
      'Conv2d: 4 groups do not divide 4 and 6 channels',
    ],
    ['dropout', () => new Dropout(1), 'Dropout: p is 1 but must be at least 0 and below 1'],
    ['seed', () => manualSeed(-1), 'manualSeed: seed is -1'],
  ])('throws RangeError for wrong %s', (_, fn, message) => {
    expect(fn).toThrow(RangeError);
    expect(fn).toThrow(message);
  });

  it('a residual block refuses branches that cannot be added', () => {
    const body = new Conv2d(4, 8, { kernelSize: 3, padding: 1, stride: 2 });
    expect(() => new Residual(body)).toThrow(ShapeError);
    expect(() => new Residual(body)).toThrow('it needs a projection of the same stride');
    expect(() => new Residual(body, shortcut('B', 4, 8, { stride: 2, norm: null }))).not.toThrow();
  });

  it('a residual block whose body gives zeros is its shortcut', () => {
    const body = new Conv2d(3, 3, { kernelSize: 1, bias: false });
    body.weight.write(new Float32Array(9));
    const x = image(1, 4, 4, 3);
    const y = new Residual(body).forward(x).data();
    expect([...y]).toEqual([...x.data()].map((value) => Math.max(value, 0)));
  });
});

describe('batch norm', () => {
  it('moves running statistics by momentum, with the unbiased variance', () => {
    const norm = new BatchNorm2d(1, { momentum: 0.25 });
    norm.forward(tensor([1, 2, 3, 6], [4, 1, 1, 1]));
    expect(norm.runningMean.item()).toBeCloseTo(0.25 * 3, 6);
    expect(norm.runningVar.item()).toBeCloseTo(0.75 + (0.25 * 14) / 3, 6);
    expect(norm.numBatchesTracked.item()).toBe(1);
    norm.eval();
    norm.forward(tensor([1, 2, 3, 6], [4, 1, 1, 1]));
    expect(norm.numBatchesTracked.item()).toBe(1);
  });

  it('uses running statistics in eval mode and when frozen', () => {
    const norm = new BatchNorm2d(1, { eps: 0 });
    norm.runningMean.write([2]);
    norm.runningVar.write([4]);
    const x = tensor([0, 4], [2, 1, 1, 1]);
    norm.frozen = true;
    expect([...norm.forward(x).data()]).toEqual([-1, 1]);
    norm.frozen = false;
    norm.eval();
    expect([...norm.forward(x).data()]).toEqual([-1, 1]);
  });

  it('wants more than one value a channel in training', () => {
    const run = () => new BatchNorm2d(3).forward(zeros([1, 1, 1, 3]));
    expect(run).toThrow('expected more than 1 value per channel in training');
  });
});

describe('dropout', () => {
  it('draws a new mask each time, from the seed, and none in eval mode', async () => {
    const drop = new Dropout(0.5);
    const x = tensor(new Float32Array(64).fill(1), [64]);
    const masks = (): number[][] => [0, 1].map(() => [...drop.forward(x).data()]);
    manualSeed(4);
    const [first, second] = masks();
    expect(first).not.toEqual(second);
    expect(new Set(first)).toEqual(new Set([0, 2]));
    manualSeed(4);
    expect(masks()).toEqual([first, second]);
    manualSeed(5);
    expect(masks()).not.toEqual([first, second]);
    manualSeed(4);
    const plan = compile((value) => drop.forward(value), [{ shape: [64], dtype: 'f32' }]);
    const runs = [await plan.run(x.data()), await plan.run(x.data())];
    expect(runs.map(([mask]) => [...mask!])).toEqual([first, second]);
    plan.dispose();
    drop.eval();
    expect(drop.forward(x)).toBe(x);
  });
});

describe('initial weights', () => {
  it('of convolutions have He’s deviation for the fan-out', () => {
    const { weight } = new Conv2d(32, 64, { kernelSize: 3, bias: false });
    const values = [...weight.data()];
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.002);
    expect(variance / (2 / (9 * 64))).toBeCloseTo(1, 1);
  });

  it('of linear layers are uniform within 1/√in', () => {
    const { weight, bias } = new Linear(100, 50);
    for (const values of [weight.data(), bias!.data()]) {
      expect(largest(values)).toBeLessThanOrEqual(0.1);
      expect(largest(values)).toBeGreaterThan(0.09);
    }
  });

  it('of batch norm are 1 and 0', () => {
    const norm = new BatchNorm2d(2);
    const start = [...norm.stateDict().values()].map((value) => [...value.data()]);
    expect(start).toEqual([[1, 1], [0, 0], [0, 0], [1, 1], [0]]);
  });
});

describe('a layer in several places', () => {
  class Twice extends Module {
    readonly first = new Linear(2, 2);
    readonly act = new PReLU();
    readonly again = new Sequential(this.first, this.act);

    override forward(x: Tensor): Tensor {
      return this.again.forward(this.act.forward(this.first.forward(x)));
    }
  }

  it('has the names of all of them in the state dict, and of the first among the weights', () => {
    const net = new Twice();
    const names = ['first.weight', 'first.bias', 'act.weight'];
    const others = ['again.0.weight', 'again.0.bias', 'again.1.weight'];
    expect([...net.stateDict().keys()]).toEqual([...names, ...others]);
    expect([...net.parameters().keys()]).toEqual(names);
    expect(summary(net, [1, 2]).parameters).toBe(7);
  });

  it('is updated once a step', () => {
    const net = new Twice();
    const optimizer = new SGD(net.parameters(), { lr: 0.5 });
    const weights = [...net.parameters().values()];
    const before = weights.map((weight) => weight.data());
    const found = gradients(sumSquares(net.forward(tensor([[1, -2]]))), weights);
    const expected = before.map((values, w) =>
      values.map((value, i) => Math.fround(value - Math.fround(0.5 * found[w]!.data()[i]!))),
    );
    optimizer.step(found);
    expect(weights.map((weight) => weight.data())).toEqual(expected);
  });

  it('is refused by an optimizer that would update it for each name', () => {
    const { weight } = new Linear(2, 2);
    expect(() => new SGD(new Map(Object.entries({ a: weight, b: weight })))).toThrow(
      'optimizer: parameters a and b are one tensor',
    );
  });
});
