import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorFunction } from '../../ts/compile/capture.ts';
import { compile } from '../../ts/compile/compile.ts';
import { tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { ShapeError } from '../../ts/base/errors.ts';
import { add } from '../../ts/functions/add.ts';
import { concat } from '../../ts/functions/concat.ts';
import { relu } from '../../ts/functions/relu.ts';
import { subsamplePad } from '../../ts/functions/subsamplePad.ts';
import { summary } from '../../ts/nn/summary.ts';
import {
  BasicBlock,
  BatchNorm2d,
  Bottleneck,
  Conv2d,
  DenseBlock,
  DenseConcat,
  DenseLayer,
  Dropout,
  Identity,
  PreActBasicBlock,
  PreActBottleneck,
  ReLU,
  Residual,
  ResidualBlock,
  ResidualJoin,
  Sequential,
  shortcut,
  SubsamplePad,
  Transition,
  averagePool,
  batchNorm2d,
  blurPool,
  manualSeed,
  through,
  type Branches,
  type JoinOptions,
  type Module,
} from '../../ts/nn/index.ts';
import { sumSquares } from '../../ts/functions/sumSquares.ts';
import { scope } from '../../ts/core/scope.ts';
import { sizeOf } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import { expectClose } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 1, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const images = (shape: number[], name = 'x'): Tensor => tensor(goldenTensor(name, shape), shape);

/** Gives batch norms other parameters and statistics than those they start with. */
function shuffle(block: Module): void {
  for (const [name, weight] of block.stateDict()) {
    if (weight.dtype === 'i32') continue;
    const positive = name.endsWith('running_var') || name.endsWith('bn2.weight');
    weight.write(goldenTensor(name, weight.shape, 0.5, positive ? 1 : 0));
  }
}

const valuesOf = (fn: () => Tensor): Float32Array =>
  scope(() => noGrad(() => fn().data() as Float32Array));

describe('shortcut', () => {
  const options = { stride: 1, norm: batchNorm2d };
  const weightsOf = (module: Module): string[] => [...module.parameters().keys()];

  it.each(['A', 'B'] as const)('%s is the identity where shapes agree', (kind) => {
    expect(shortcut(kind, 8, 8, options)).toBeInstanceOf(Identity);
  });

  it('A leaves pixels out and adds zeros half before and half after', () => {
    const skip = shortcut('A', 4, 8, { ...options, stride: 2 });
    expect(skip).toBeInstanceOf(SubsamplePad);
    expect(weightsOf(skip)).toEqual([]);
    const x = images([1, 4, 4, 4]);
    const y = valuesOf(() => skip.forward(x));
    expect(y).toEqual(valuesOf(() => subsamplePad(x, { stride: 2, before: 2, after: 2 })));
    expect([...y.slice(0, 8)]).toEqual([0, 0, ...x.data().slice(0, 4), 0, 0]);
  });

  it('A cannot take channels away', () => {
    expect(() => shortcut('A', 8, 4, options)).toThrow(/8 channels cannot become 4/);
  });

  it.each([
    ['stride', 8, 8, 2],
    ['channels', 8, 16, 1],
    ['both', 8, 16, 2],
  ] as const)('B projects where the %s differs', (_, from, to, stride) => {
    const skip = shortcut('B', from, to, { ...options, stride });
    expect(weightsOf(skip)).toEqual(['0.weight', '1.weight', '1.bias']);
    expect(noGrad(() => skip.forward(images([1, 6, 6, from])).shape)).toEqual([
      1,
      6 / stride,
      6 / stride,
      to,
    ]);
  });

  it('C always projects', () => {
    expect(weightsOf(shortcut('C', 8, 8, options))).toEqual(['0.weight', '1.weight', '1.bias']);
  });

  it('projects without a normalisation, with a bias, as in the Keras tutorial', () => {
    const skip = shortcut('B', 4, 8, { stride: 2, norm: null, bias: true });
    expect(weightsOf(skip)).toEqual(['weight', 'bias']);
  });
});

describe('blocks', () => {
  const cases: [string, () => Module, (block: never, x: Tensor) => Tensor][] = [
    [
      'BasicBlock',
      () => new BasicBlock(4, 8, { stride: 2 }),
      (b: BasicBlock, x) => {
        const hidden = relu(b.bn1.forward(b.conv1.forward(x)));
        return relu(add(b.bn2.forward(b.conv2.forward(hidden)), b.downsample!.forward(x)));
      },
    ],
    [
      'Bottleneck',
      () => new Bottleneck(4, 16, { stride: 2 }),
      (b: Bottleneck, x) => {
        const narrow = relu(b.bn1.forward(b.conv1.forward(x)));
        const hidden = relu(b.bn2.forward(b.conv2.forward(narrow)));
        return relu(add(b.bn3.forward(b.conv3.forward(hidden)), b.downsample!.forward(x)));
      },
    ],
    [
      'PreActBasicBlock with identity',
      () => new PreActBasicBlock(4, 4),
      (b: PreActBasicBlock, x) => {
        const hidden = b.conv1.forward(relu(b.bn1.forward(x)));
        return add(b.conv2.forward(relu(b.bn2.forward(hidden))), x);
      },
    ],
    [
      'PreActBasicBlock with projection',
      () => new PreActBasicBlock(4, 8, { stride: 2 }),
      (b: PreActBasicBlock, x) => {
        const activated = relu(b.bn1.forward(x));
        const body = b.conv2.forward(relu(b.bn2.forward(b.conv1.forward(activated))));
        return add(body, b.downsample!.forward(activated));
      },
    ],
    [
      'PreActBottleneck',
      () => new PreActBottleneck(4, 16, { stride: 2 }),
      (b: PreActBottleneck, x) => {
        const activated = relu(b.bn1.forward(x));
        const narrow = relu(b.bn2.forward(b.conv1.forward(activated)));
        const body = b.conv3.forward(relu(b.bn3.forward(b.conv2.forward(narrow))));
        return add(body, b.downsample!.forward(activated));
      },
    ],
    [
      'Residual',
      () => new Residual(new Sequential(new Conv2d(4, 4, { kernelSize: 3, padding: 1 }))),
      (b: Residual, x) => relu(add(b.body.forward(x), x)),
    ],
    [
      'DenseConcat',
      () => new DenseConcat(new Conv2d(4, 3, { kernelSize: 3, padding: 1 })),
      (b: DenseConcat, x) => concat([x, b.body.forward(x)]),
    ],
    [
      'DenseLayer',
      () => new DenseLayer(4, { growth: 3 }),
      (b: DenseLayer, x) => {
        const narrow = b.conv1.forward(relu(b.norm1.forward(x)));
        return b.conv2!.forward(relu(b.norm2!.forward(narrow)));
      },
    ],
  ];

  it.each(cases)('%s is what its formula says', (_, make, formula) => {
    const block = make().eval();
    shuffle(block);
    const x = images([2, 6, 6, 4]);
    const y = valuesOf(() => block.forward(x));
    expect(y).toEqual(valuesOf(() => formula(block as never, x)));
    block.train();
    expect(valuesOf(() => block.forward(x))).toEqual(valuesOf(() => formula(block as never, x)));
  });

  it('a frozen projection of a pre-activation block still reads the activated input', () => {
    const block = new PreActBasicBlock(4, 8, { stride: 2 }).eval();
    shuffle(block);
    const x = images([1, 6, 6, 4]);
    const before = valuesOf(() => block.forward(x));
    block.freezeAll();
    expect(valuesOf(() => block.forward(x))).toEqual(before);
  });

  it('only one convolution has the stride', () => {
    const strided = (block: Module): string[] =>
      [...block.modules()]
        .filter(([, module]) => module.describe().includes('stride'))
        .map(([path]) => path);
    const options = { stride: 2, shortcut: null };
    expect(strided(new BasicBlock(4, 8, options))).toEqual(['conv1']);
    expect(strided(new Bottleneck(4, 8, options))).toEqual(['conv2']);
    expect(strided(new Bottleneck(4, 8, { ...options, strideOn: '1x1' }))).toEqual(['conv1']);
    expect(strided(new PreActBottleneck(4, 8, options))).toEqual(['conv2']);
  });

  it.each([
    [BasicBlock, 'conv1', 'conv2'],
    [Bottleneck, 'conv2', 'conv3'],
    [PreActBasicBlock, 'conv1', 'conv2'],
    [PreActBottleneck, 'conv2', 'conv3'],
  ] as const)('antialiased, %o shrinks what %s gives for %s', (Kind, before, after) => {
    for (const antialias of [blurPool, averagePool]) {
      const block = new Kind(4, 8, { stride: 2, antialias });
      const { rows } = summary(block, [1, 7, 6, 4]);
      const sizeAt = (place: string): readonly number[] | undefined =>
        rows.find(({ path }) => path === place)?.output?.slice(1, 3);
      expect([before, 'aa', after].map(sizeAt)).toEqual([
        [7, 6],
        [4, 3],
        [4, 3],
      ]);
      expect(new Kind(4, 8, { antialias }).aa, 'at stride 1').toBeUndefined();
    }
  });

  it('a dense block grows by each layer, a transition halves the image', () => {
    const block = new DenseBlock(
      new DenseLayer(4, { growth: 3 }),
      new DenseLayer(7, { growth: 3, bottleneck: 0 }),
    );
    const y = noGrad(() => block.forward(images([1, 6, 6, 4])));
    expect(y.shape).toEqual([1, 6, 6, 10]);
    expect(noGrad(() => new Transition(10, 5).forward(y)).shape).toEqual([1, 3, 3, 5]);
  });

  it('zero-initialised, a block starts as its shortcut', () => {
    const x = images([1, 6, 6, 8]);
    const positive = valuesOf(() => relu(x));
    for (const Kind of [BasicBlock, Bottleneck]) {
      const block = new Kind(8, 8, { zeroInit: true });
      expect(
        valuesOf(() => block.forward(x)),
        Kind.name,
      ).toEqual(positive);
    }
    for (const Kind of [PreActBasicBlock, PreActBottleneck]) {
      const block = new Kind(8, 8, { zeroInit: true });
      expect(
        valuesOf(() => block.forward(x)),
        Kind.name,
      ).toEqual(x.data());
      const loss = sumSquares(block.forward(x));
      const last = [...block.parameters().values()].at(-1)!;
      const [dw] = gradients(loss, [last]);
      expect(
        dw!.data().some((value) => value !== 0),
        `${Kind.name}: F can grow`,
      ).toBe(true);
    }
  });
});

describe('a block whose branches cannot add is refused', () => {
  const conv = (from: number, to: number, stride = 1): Conv2d =>
    new Conv2d(from, to, { kernelSize: 3, stride, padding: 1 });
  const refused = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      return (error as Error).message;
    }
    return expect.fail('was not refused');
  };

  it('stride on both convolutions', () => {
    const message = refused(
      () =>
        new Residual(
          new Sequential(conv(4, 8, 2), new ReLU(), conv(8, 8, 2)),
          shortcut('B', 4, 8, { stride: 2, norm: batchNorm2d }),
        ),
    );
    expect(message).toBe(
      'Residual: input [1, 64, 64, 4] becomes [1, 16, 16, 8] in the body but [1, 32, 32, 8] in the shortcut, which ' +
        'cannot be added: strides of the body divide the image by 4, that of the shortcut by 2: only the first 3×3 ' +
        'convolution may have the stride, not both',
    );
  });

  it('a stride that the shortcut has not', () => {
    const message = refused(() => new BasicBlock(4, 4, { stride: 2, shortcut: new Identity() }));
    expect(message).toMatch(/^BasicBlock: .*\[1, 32, 32, 4\].*\[1, 64, 64, 4\].*stride 2 but the/);
  });

  it('other channels', () => {
    const message = refused(() => new Residual(new Sequential(conv(4, 6))));
    expect(message).toMatch(/\[1, 64, 64, 6\].*\[1, 64, 64, 4\].*the channels differ/);
  });

  it('no padding', () => {
    const message = refused(() => new Residual(new Conv2d(4, 4, { kernelSize: 3 })));
    expect(message).toMatch(/\[1, 62, 62, 4\].*\[1, 64, 64, 4\].*sizes of the images differ/);
  });

  it.each([PreActBasicBlock, Bottleneck, PreActBottleneck])('%o as well', (Kind) => {
    const make = (): unknown => new Kind(8, 16, { shortcut: new Identity() });
    expect(refused(make)).toMatch(new RegExp(`^${Kind.name}: .*the channels differ`));
  });
});

describe("a block of one's own", () => {
  class Separable extends ResidualBlock {
    readonly conv1 = new Conv2d(4, 4, { kernelSize: 3, padding: 1, groups: 4 });
    readonly conv2 = new Conv2d(4, 4, { kernelSize: 1 });

    protected override branches(x: Tensor): Branches {
      return { transform: through(x, this.conv1, this.act, this.conv2), skip: x };
    }
  }

  it('says what its branches are, and is joined, gated and activated as the others', () => {
    const block = new Separable({ gate: 'both' }).eval();
    block.transformGate!.write([-2]);
    block.skipGate!.write([0.5]);
    const x = images([2, 6, 6, 4]);
    const body = valuesOf(() => block.conv2.forward(relu(block.conv1.forward(x))));
    const expected = body.map((value, i) => Math.max(0, -2 * value + 0.5 * x.data()[i]!));
    expectClose(
      valuesOf(() => block.forward(x)),
      expected,
      1e-6,
      'y',
    );
    expect([...block.parameters().keys()].slice(0, 2)).toEqual(['skip_gate', 'transform_gate']);
    expect(block.describe()).toBe('Separable, skip × 0.500, transform × -2.00');
  });

  it('may be plain: without a shortcut it is act(F(x))', () => {
    class Plain extends Separable {
      protected override branches(x: Tensor): Branches {
        return { ...super.branches(x), skip: undefined };
      }
    }
    const block = new Plain({ act: (x) => x }).eval();
    const x = images([1, 6, 6, 4]);
    expect(valuesOf(() => block.forward(x))).toEqual(
      valuesOf(() => through(x, block.conv1, block.conv2)),
    );
  });

  it('may have a forward of its own that joins', () => {
    class Own extends ResidualJoin {
      readonly body = new Conv2d(4, 4, { kernelSize: 1 });

      constructor(options: JoinOptions) {
        super(options);
      }

      override forward(x: Tensor): Tensor {
        return this.here(() => this.act(this.join(this.body.forward(x), x)));
      }
    }
    const block = new Own({}).eval();
    expect(block).toBeInstanceOf(ResidualBlock);
    const x = images([1, 6, 6, 4]);
    expect(valuesOf(() => block.forward(x))).toEqual(
      valuesOf(() => relu(add(block.body.forward(x), x))),
    );
  });

  it('may be one that there is with another F', () => {
    class Scaled extends BasicBlock {
      override body(x: Tensor): Tensor {
        return relu(super.body(x));
      }
    }
    const block = new Scaled(4, 4).eval();
    const x = images([1, 6, 6, 4]);
    expect(valuesOf(() => block.forward(x))).toEqual(
      valuesOf(() =>
        relu(add(relu(through(x, block.conv1, block.bn1, relu, block.conv2, block.bn2)), x)),
      ),
    );
  });

  it('is refused without either', () => {
    class Empty extends ResidualBlock {}
    expect(() => new Empty().forward(images([1, 2, 2, 4]))).toThrow(
      new TypeError('Empty: got [1, 2, 2, 4] but has neither branches(x) nor its own forward(x)'),
    );
  });
});

describe('gates', () => {
  it.each([
    ['skip', ['skip_gate']],
    ['transform', ['transform_gate']],
    ['both', ['skip_gate', 'transform_gate']],
  ] as const)('%s: scales its branch, learns and is reported', (gate, names) => {
    const block = new BasicBlock(4, 4, { gate }).eval();
    shuffle(block);
    for (const name of ['skip', 'transform'] as const) {
      const scale = block[`${name}Gate`];
      scale?.write([name === 'skip' ? 0.5 : -2]);
    }
    expect([...block.parameters().keys()].filter((name) => name.endsWith('gate'))).toEqual(names);
    const x = images([2, 6, 6, 4]);
    const skip = Float32Array.from(x.data());
    const body = valuesOf(() => block.body(x));
    const [bySkip, byBody] = [gate === 'transform' ? 1 : 0.5, gate === 'skip' ? 1 : -2];
    const expected = body.map((value, i) => Math.max(0, byBody * value + bySkip * skip[i]!));
    expectClose(
      valuesOf(() => block.forward(x)),
      expected,
      1e-6,
      'y',
    );

    const loss = sumSquares(block.forward(x));
    const wanted = names.map((name) => block.parameters().get(name)!);
    const found = gradients(loss, wanted).map((gradient) => gradient.item());
    const dot = (branch: Float32Array): number =>
      branch.reduce((sum, value, i) => sum + 2 * expected[i]! * value, 0);
    const truth = { skip_gate: dot(skip), transform_gate: dot(body) };
    names.forEach((name, i) => expectClose([found[i]!], [truth[name]], 1e-5, name));

    const [row] = summary(block, [1, 6, 6, 4]).rows;
    const words = { skip: 'skip × 0.500', transform: 'transform × -2.00' };
    const shown = names.map((name) => words[name.replace('_gate', '') as keyof typeof words]);
    expect(row!.layer).toBe(['BasicBlock', ...shown].join(', '));
    expect(row!.gates).toEqual(block.gates());
  });

  it('a combinator has them, too', () => {
    const block = new Residual(new Conv2d(4, 4, { kernelSize: 1 }), undefined, { gate: 'both' });
    expect([...block.parameters().keys()]).toEqual([
      'skip_gate',
      'transform_gate',
      'body.weight',
      'body.bias',
    ]);
    expect(block.gates()).toEqual({ skip: 1, transform: 1 });
  });
});

describe('stochastic depth', () => {
  it('leaves F out at its probability, scales it otherwise, and draws anew at each run of a plan', async () => {
    manualSeed(3);
    const block = new Residual(new Conv2d(2, 2, { kernelSize: 1 }), undefined, { dropPath: 0.25 });
    const shape = [1, 2, 2, 2];
    const x = goldenTensor('x', shape);
    const body = valuesOf(() => block.body.forward(tensor(x, shape)));
    const joined = (scale: number): number[] =>
      [...body].map((value, i) => Math.max(0, x[i]! + scale * value));
    using plan = compile((input) => block.forward(input), [{ shape, dtype: 'f32' }]);
    let dropped = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const [y] = await plan.run(x);
      const without = y!.every((value, i) => value === joined(0)[i]);
      if (!without) expectClose(y!, joined(4 / 3), 1e-6, 'kept');
      else dropped++;
    }
    expect(dropped / runs).toBeGreaterThan(0.17);
    expect(dropped / runs).toBeLessThan(0.33);
    block.eval();
    expectClose(
      valuesOf(() => block.forward(tensor(x, shape))),
      joined(1),
      1e-6,
      'evaluation',
    );
  });

  it('leaves blocks out independently of each other', async () => {
    manualSeed(5);
    const block = (): Residual =>
      new Residual(new Conv2d(1, 1, { kernelSize: 1 }), undefined, { dropPath: 0.5 });
    const [first, second] = [block(), block()];
    const shape = [1, 1, 1, 1];
    for (const { body } of [first, second]) {
      (body as Conv2d).weight.write([1]);
      (body as Conv2d).bias!.write([0]);
    }
    const both: TensorFunction = (x) => [first.forward(x), second.forward(x)];
    using plan = compile(both, [{ shape, dtype: 'f32' }]);
    // Without F a block gives 1, with it 1 + 1/(1 - p) = 3.
    const counts: Record<string, number> = { '1,1': 0, '1,3': 0, '3,1': 0, '3,3': 0 };
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      counts[(await plan.run(Float32Array.of(1))).map(([y]) => y).join()]!++;
    }
    expect(Object.keys(counts)).toHaveLength(4);
    // Each is expected 100 times; three standard deviations are 26.
    for (const [outcome, count] of Object.entries(counts)) {
      expect(count, outcome).toBeGreaterThan(74);
      expect(count, outcome).toBeLessThan(126);
    }
  });

  it('is refused outside [0, 1)', () => {
    expect(() => new BasicBlock(4, 4, { dropPath: 1 })).toThrow(/BasicBlock: dropPath is 1 but/);
  });
});

describe('dropout', () => {
  it('draws a new mask at each run of a plan and each eager call', async () => {
    const layer = new Dropout(0.5);
    const shape = [4, 64];
    const ones = new Float32Array(sizeOf(shape)).fill(1);
    using plan = compile((x) => layer.forward(x), [{ shape, dtype: 'f32' }]);
    const masks = [];
    for (let run = 0; run < 4; run++) masks.push((await plan.run(ones))[0]!.join());
    const x = tensor(ones, shape);
    for (let call = 0; call < 4; call++) masks.push(valuesOf(() => layer.forward(x)).join());
    expect(new Set(masks).size).toBe(8);
  });
});

describe('normalisation and activation', () => {
  it('are those that were asked for', () => {
    const norms: number[] = [];
    const block = new Bottleneck(8, 16, {
      norm: (channels) => {
        norms.push(channels);
        return new BatchNorm2d(channels, { eps: 0.5 });
      },
      act: (x) => x,
    }).eval();
    expect(norms).toEqual([4, 4, 16, 16]);
    expect(valuesOf(() => block.forward(images([1, 4, 4, 8]))).some((value) => value < 0)).toBe(
      true,
    );
  });
});
