import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensor, zeros } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { sum } from '../../ts/functions/sum.ts';
import { GroupNorm, InstanceNorm2d, LayerNorm, Sequential } from '../../ts/nn/index.ts';
import { loadWeights, saveWeights } from '../../ts/io/index.ts';

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

describe('norms without running statistics', () => {
  it("have torch's names and defaults", () => {
    const names = (layer: GroupNorm | InstanceNorm2d | LayerNorm): string[] => [
      ...layer.stateDict().keys(),
    ];
    expect(names(new GroupNorm(2, 6))).toEqual(['weight', 'bias']);
    expect(names(new GroupNorm(2, 6, { affine: false }))).toEqual([]);
    expect(names(new InstanceNorm2d(6))).toEqual([]);
    expect(names(new InstanceNorm2d(6, { affine: true }))).toEqual(['weight', 'bias']);
    expect(names(new LayerNorm(6))).toEqual(['weight', 'bias']);
    expect(names(new LayerNorm([4, 5, 6], { bias: false }))).toEqual(['weight']);
    expect(names(new LayerNorm(6, { affine: false }))).toEqual([]);
    expect(new LayerNorm([4, 5, 6]).weight!.shape).toEqual([4, 5, 6]);
  });

  it('say what they are', () => {
    expect(new GroupNorm(2, 6).describe()).toBe('GroupNorm 2 of 6');
    expect(new InstanceNorm2d(6).describe()).toBe('InstanceNorm2d 6');
    expect(new LayerNorm([4, 5, 6]).describe()).toBe('LayerNorm 4×5×6');
  });

  it('are the same in training and not, and learn', () => {
    const values = Float32Array.from({ length: 48 }, (_, i) => (i * 7) % 13);
    const x = tensor(values, [2, 2, 2, 6]);
    for (const layer of [
      new GroupNorm(3, 6),
      new InstanceNorm2d(6, { affine: true }),
      new LayerNorm(6),
    ]) {
      const y = layer.train().forward(x);
      expect(layer.eval().forward(x).data()).toEqual(y.data());
      const dy = gradients(sum(y), [layer.bias!])[0]!;
      expect([...dy.data()]).toEqual([8, 8, 8, 8, 8, 8]);
    }
  });

  it.each<[string, () => unknown, string]>([
    ['groups', () => new GroupNorm(4, 6), 'GroupNorm: 4 groups do not divide 6 channels'],
    ['no groups', () => new GroupNorm(0, 6), 'GroupNorm: groups is 0'],
    ['channels', () => new InstanceNorm2d(0.5), 'InstanceNorm2d: channels is 0.5'],
    ['no axes', () => new LayerNorm([]), 'LayerNorm: normalizedShape has no axes'],
    ['a size', () => new LayerNorm([4, 0]), 'LayerNorm: normalizedShape is 0'],
    ['eps', () => new LayerNorm(4, { eps: -1 }), 'LayerNorm: eps is -1'],
    [
      'an input of other channels that fit the groups',
      () => new GroupNorm(2, 6, { affine: false }).forward(zeros([2, 3, 3, 4])),
      'GroupNorm: groupNorm: input [2, 3, 3, 4] has 4 channels but the layer expects 6',
    ],
    [
      'an input',
      () => new InstanceNorm2d(6).forward(zeros([2, 3, 3, 5])),
      'InstanceNorm2d: instanceNorm: input [2, 3, 3, 5] has 5 channels but the layer expects 6',
    ],
  ])('refuse %s', (_, fn, message) => {
    expect(fn).toThrow(RangeError);
    expect(fn).toThrow(message);
  });

  it('have an unknown option named', () => {
    expect(() => new LayerNorm(4, { elementwiseAffine: false } as object)).toThrow(
      'unknown option',
    );
    expect(() => new GroupNorm(2, 4, { afine: true } as object)).toThrow('affine');
  });
});

describe("a layer norm's parameters in a file", () => {
  /** `[H, W, C]` numbered as torch's `[C, H, W]`. */
  const numbered = (shape: number[]): Float32Array => {
    const channels = shape.at(-1)!;
    const rest = shape.slice(0, -1).reduce((size, axis) => size * axis, 1);
    return Float32Array.from(
      { length: rest * channels },
      (_, i) => (i % channels) * rest + Math.floor(i / channels),
    );
  };

  it.each([[[5]], [[3, 5]], [[2, 3, 5]], [[2, 2, 3, 5]]])(
    'of %j have the channels first, as PyTorch has images',
    (shape) => {
      const norm = new LayerNorm(shape);
      norm.weight!.write(numbered(shape));
      const net = new Sequential({ norm });
      const { tensors } = saveWeights(net);
      const stored = tensors.get('norm.weight')!;
      expect(stored.shape).toEqual([shape.at(-1)!, ...shape.slice(0, -1)]);
      expect([...stored.data]).toEqual([...stored.data.keys()]);
      const other = new Sequential({ norm: new LayerNorm(shape) });
      loadWeights(other, tensors);
      for (const [name, own] of net.stateDict())
        expect(other.stateDict().get(name)!.data()).toEqual(own.data());
    },
  );
});
