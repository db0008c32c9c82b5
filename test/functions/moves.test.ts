import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { parameter, tensor, zeros } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import * as F from '../../ts/functions/index.ts';
import { BlurPool2d } from '../../ts/nn/blurPool2d.ts';
import { GlobalMaxPool2d } from '../../ts/nn/pooling.ts';
import { LocalResponseNorm } from '../../ts/nn/localResponseNorm.ts';
import {
  ConstantPad2d,
  ReflectionPad2d,
  ReplicationPad2d,
  ZeroPad2d,
} from '../../ts/nn/padding.ts';
import { PixelShuffle, PixelUnshuffle } from '../../ts/nn/pixelShuffle.ts';
import { Upsample } from '../../ts/nn/upsample.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd-threads', { threads: 2 });
afterAll(() => engine.close());
beforeEach(() => useEngine(engine));

const counted = (shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    shape,
  );
const odd = (value: unknown): never => value as never;

describe('negative indices and axes are counted from the end', () => {
  const x = (): Tensor => counted([2, 3]);
  it.each<[string, () => Tensor, number[]]>([
    ['slice from', () => F.sliceAxis(x(), { start: -2 }), [1, 2, 4, 5]],
    ['slice to', () => F.sliceAxis(x(), { axis: -2, end: -1 }), [0, 1, 2]],
    ['take', () => F.take(x(), [-1, 0], -1), [2, 0, 5, 3]],
    ['transpose', () => F.transpose(x(), [-1, -2]), [0, 3, 1, 4, 2, 5]],
    ['concat', () => F.concat([x(), x()], -2), [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]],
    ['split', () => F.split(x(), 2)[1]!, [2, 5]],
  ])('%s', (_, run, values) => {
    expect([...run().data()]).toEqual(values);
  });
});

describe('what does not fit is refused with both facts', () => {
  const image = (): Tensor => zeros([1, 4, 5, 8]);
  it.each<[string, () => unknown, string]>([
    [
      'slice',
      () => F.sliceAxis(image(), { axis: 1, start: 2, end: 6 }),
      'slice: [1, 4, 5, 8] from [0, 2, 0, 0] on does not lie in the input [1, 4, 5, 8]',
    ],
    ['slice before', () => F.sliceAxis(image(), { start: -9 }), 'does not lie in the input'],
    [
      'slice backwards',
      () => F.sliceAxis(image(), { start: 3, end: 2 }),
      '[1, 4, 5, -1] from [0, 0, 0, 3] on',
    ],
    [
      'slice axis',
      () => F.sliceAxis(image(), { axis: 4 }),
      'sliceAxis: axis is 4 but input [1, 4, 5, 8] has 4 axes',
    ],
    [
      'split',
      () => F.split(image(), [3, 4]),
      'split: sizes are [3, 4] but axis 3 of input [1, 4, 5, 8] has 8',
    ],
    ['split size', () => F.split(image(), 0), 'split: size is 0'],
    [
      'split axis',
      () => F.split(image(), [1], 4),
      'split: axis is 4 but input [1, 4, 5, 8] has the axes 0 to 3',
    ],
    [
      'concat',
      () => F.concat([image(), zeros([1, 4, 6, 8])], 1),
      'concat: inputs [1, 4, 5, 8] and [1, 4, 6, 8] differ in more than axis 1',
    ],
    ['concat axes', () => F.concat([image(), zeros([4, 5, 8])], 0), 'differ in more than axis 0'],
    ['concat axis', () => F.concat([image()], -5), 'concat: axis is -5'],
    ['nothing', () => F.concat([], 0), 'there are no inputs'],
    [
      'transpose',
      () => F.transpose(image(), [0, 1, 1, 3]),
      'transpose: permutation is [0, 1, 1, 3] but input [1, 4, 5, 8] has 4 axes',
    ],
    [
      'take',
      () => F.take(image(), [0, 8]),
      'take: there is an index 8 but axis 3 of input [1, 4, 5, 8] has 8',
    ],
    ['take before', () => F.take(image(), [-9]), 'take: there is an index -9'],
    ['take axis', () => F.take(image(), [0], 4), 'take: axis is 4'],
    [
      'reflect',
      () =>
        F.padAxes(image(), {
          padding: [
            [0, 0],
            [4, 0],
            [0, 0],
            [0, 0],
          ],
          mode: 'reflect',
        }),
      'padAxes: reflect padding is [4, 0] but axis 1 of input [1, 4, 5, 8] has 4',
    ],
    [
      'edge',
      () =>
        F.padAxes(zeros([0, 2]), {
          padding: [
            [1, 0],
            [0, 0],
          ],
          mode: 'edge',
        }),
      'padAxes: edge padding is [1, 0] but axis 0 of input [0, 2] has 0',
    ],
    [
      'padding',
      () => F.padAxes(image(), { padding: [[1, 1]] }),
      'padAxes: padding [[1, 1]] of input [1, 4, 5, 8] must be',
    ],
    ['negative padding', () => F.padAxes(zeros([2]), { padding: [[-1, 1]] }), 'padding [[-1, 1]]'],
    ['padding by a number', () => F.padAxes(zeros([2]), { padding: odd([1]) }), 'padding [1]'],
    [
      'mode',
      () => F.padAxes(zeros([2]), { padding: [[1, 1]], mode: odd('wrap') }),
      'padAxes: mode is "wrap"',
    ],
    [
      'pixelShuffle',
      () => F.pixelShuffle(image(), 3),
      'pixelShuffle: factor 3 takes channels by 9 but input [1, 4, 5, 8] has 8',
    ],
    [
      'pixelUnshuffle',
      () => F.pixelUnshuffle(image(), 2),
      'pixelUnshuffle: factor 2 takes pixels by 2 but input [1, 4, 5, 8] has 4×5',
    ],
    ['factor', () => F.pixelShuffle(image(), 0.5), 'pixelShuffle: factor is 0.5'],
    [
      'size',
      () => F.interpolate(image(), { size: [0, 4] }),
      'interpolate: size is 0 but must be a whole number of at least 1',
    ],
    ['scale to nothing', () => F.interpolate(image(), { scale: 0.1 }), 'is resized to 0×0'],
    [
      'scale',
      () => F.interpolate(image(), { scale: -1 }),
      'interpolate: scale is -1 but must be a number above 0',
    ],
    ['Upsample', () => new Upsample({ size: [2, 0] }), 'Upsample: size is 0'],
    ['Upsample by', () => new Upsample({ scale: 0 }), 'Upsample: scale is 0'],
    [
      'Upsample mode',
      () => new Upsample({ scale: 2, mode: odd('cubic') }),
      'Upsample: mode is "cubic"',
    ],
    [
      'Upsample corners',
      () => new Upsample({ scale: 2, alignCorners: true }),
      'Upsample: alignCorners is true but mode is "nearest"',
    ],
    ['a scalar', () => F.split(tensor(3), 1), 'split: axis is -1 but input [] has no axes'],
    [
      'no pixels',
      () => F.interpolate(zeros([1, 0, 4, 3]), { size: 2 }),
      'input [1, 0, 4, 3] is resized',
    ],
    [
      'antialias',
      () => F.interpolate(image(), { size: 2, antialias: true }),
      'interpolate: antialias is true but mode is "nearest"',
    ],
    [
      'interpolation',
      () => F.interpolate(image(), { size: 2, mode: odd('cubic') }),
      'mode is "cubic"',
    ],
    [
      'blur of too few pixels',
      () => F.blurPool2d(zeros([1, 1, 4, 3])),
      'blurPool2d: filterSize 3 and stride 2 mirror 1 at each border but input [1, 1, 4, 3] has 1×4 pixels',
    ],
    ['blur of no image', () => F.blurPool2d(zeros([4, 4])), 'blurPool2d: input has shape [4, 4]'],
    ['BlurPool2d', () => new BlurPool2d({ filterSize: 1 }), 'BlurPool2d: filterSize is 1'],
    [
      'BlurPool2d, wide',
      () => new BlurPool2d({ filterSize: 25 }),
      'BlurPool2d: filterSize is 25 but must be at most 24',
    ],
    ['BlurPool2d, stride', () => new BlurPool2d({ stride: 0 }), 'BlurPool2d: stride is 0'],
    [
      'no maximum',
      () => F.globalMaxPool2d(zeros([1, 0, 4, 3])),
      'globalMaxPool2d: a maximum needs pixels but input [1, 0, 4, 3] has 0×4',
    ],
    ['LRN', () => F.localResponseNorm(image(), { size: 0 }), 'localResponseNorm: size is 0'],
    ['LRN by NaN', () => F.localResponseNorm(image(), { size: 2, beta: NaN }), 'beta is NaN'],
    ['ReflectionPad2d', () => new ReflectionPad2d(-1), 'ReflectionPad2d: padding is -1'],
    ['ZeroPad2d', () => new ZeroPad2d(odd('same')), 'ZeroPad2d: padding is "same"'],
    ['ConstantPad2d', () => new ConstantPad2d(1, NaN), 'ConstantPad2d: value is NaN'],
    ['PixelShuffle', () => new PixelShuffle(0), 'PixelShuffle: factor is 0'],
    [
      'LocalResponseNorm',
      () => new LocalResponseNorm({ size: 1.5 }),
      'LocalResponseNorm: size is 1.5',
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(RangeError);
    expect(act).toThrow(message);
  });

  it('one of size and scale', () => {
    expect(() => F.interpolate(image(), {})).toThrow('neither is');
    expect(() => new Upsample({ size: 1, scale: 2 })).toThrow('Upsample: one of size and scale');
  });

  it('types', () => {
    const labels = tensor([1, 2], [2], 'i32');
    expect(() => F.padAxes(labels, { padding: [[1, 1]] })).toThrow(TypeError);
    expect(() => F.concat([labels, labels], 0)).toThrow(TypeError);
  });
});

// References are PyTorch 2.15's values of `interpolate` with `scale_factor`, of five numbers that end up as five, or as ten.
describe('a scale that leaves the size, or doubles it', () => {
  it.each<[F.InterpolateOptions, number[]]>([
    [{ scale: [1, 1.15], mode: 'nearest' }, [0, 1, 2, 3, 4]],
    [{ scale: [1, 1.15], mode: 'nearest-exact' }, [0, 1, 2, 3, 3]],
    [{ scale: [1, 1.15], mode: 'bilinear' }, [0, 1, 2, 3, 4]],
    [{ scale: [2, 1.15], mode: 'bilinear', antialias: true }, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]],
    [{ scale: [1, 2.1], mode: 'nearest' }, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]],
  ])('%o', (options, values) => {
    const x = counted([1, 1, 5, 1]);
    x.requiresGrad = true;
    const y = F.interpolate(x, options);
    expect([...y.data()]).toEqual(values);
    const counts = [0, 1, 2, 3, 4].map((index) => values.filter((own) => own === index).length);
    expect([...gradients(F.sum(y), [x])[0]!.data()]).toEqual(counts);
  });
});

describe('layers', () => {
  it.each<[string, { forward(x: Tensor): Tensor }, number[]]>([
    ['ZeroPad2d', new ZeroPad2d([1, 2, 3, 4]), [2, 8, 11, 4]],
    ['ConstantPad2d', new ConstantPad2d([1, 2], 7), [2, 6, 9, 4]],
    ['ReflectionPad2d', new ReflectionPad2d(2), [2, 8, 9, 4]],
    ['ReplicationPad2d', new ReplicationPad2d(3), [2, 10, 11, 4]],
    ['PixelShuffle', new PixelShuffle(2), [2, 8, 10, 1]],
    ['PixelUnshuffle', new PixelUnshuffle(1), [2, 4, 5, 4]],
    ['Upsample', new Upsample({ scale: [2, 1.5] }), [2, 8, 7, 4]],
    ['BlurPool2d', new BlurPool2d(), [2, 2, 3, 4]],
    ['BlurPool2d, five taps', new BlurPool2d({ filterSize: 5, stride: 1 }), [2, 4, 5, 4]],
    ['GlobalMaxPool2d', new GlobalMaxPool2d(), [2, 4]],
    ['LocalResponseNorm', new LocalResponseNorm({ size: 5, k: undefined }), [2, 4, 5, 4]],
  ])('%s', (_, layer, shape) => {
    expect(layer.forward(counted([2, 4, 5, 4])).shape).toEqual(shape);
  });

  it('names its place where an image does not fit', () => {
    expect(() => new PixelShuffle(2).forward(zeros([1, 2, 2, 3]))).toThrow(
      'pixelShuffle: factor 2',
    );
  });
});

describe('NaN', () => {
  it('stays where it is moved to', () => {
    const x = tensor([1, NaN, -0, Infinity], [1, 2, 2, 1]);
    const same = (y: Tensor): unknown[] => [...y.data()];
    expect(same(F.transpose(x, [0, 2, 1, 3]))).toEqual([1, -0, NaN, Infinity]);
    expect(same(F.sliceAxis(x, { axis: 1, start: 1 }))).toEqual([-0, Infinity]);
    expect(same(F.take(x, [1, 0], 1))).toEqual([-0, Infinity, 1, NaN]);
    expect(same(F.interpolate(x, { size: [1, 4] }))).toEqual([1, 1, NaN, NaN]);
  });

  it('spreads to the pixels that take some of it alone', () => {
    const x = tensor([1, NaN, 3, 5], [1, 1, 4, 1]);
    const y = F.interpolate(x, { size: [1, 4], mode: 'bilinear' });
    expect([...y.data()]).toEqual([1, NaN, 3, 5]);
    const wide = F.interpolate(x, { size: [1, 8], mode: 'bilinear' });
    expect([...wide.data()].map(Number.isNaN)).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('is the largest of an image, and takes the gradient', () => {
    const x = parameter([1, 2, 2, 1]);
    x.write([1, NaN, 5, 5]);
    const y = F.globalMaxPool2d(x);
    expect(y.data()[0]).toBeNaN();
    const [dx] = gradients(F.sumSquares(y), [x]);
    expect([...dx!.data()]).toEqual([0, NaN, 0, 0]);
  });

  it('spreads over the neighbouring channels of a local response norm', () => {
    const x = tensor([1, 1, NaN, 1, 1], [1, 5]);
    const y = F.localResponseNorm(x, { size: 3 });
    expect([...y.data()].map(Number.isNaN)).toEqual([false, true, true, true, false]);
  });
});

it('gives the gradient of a tie to the first maximum', () => {
  const x = parameter([1, 2, 2, 1]);
  x.write([1, 5, 5, 5]);
  const [dx] = gradients(F.sumSquares(F.globalMaxPool2d(x)), [x]);
  expect([...dx!.data()]).toEqual([0, 10, 0, 0]);
});

it('adds up the gradients of indices that repeat', () => {
  const x = parameter([1, 3]);
  x.write([1, 2, 3]);
  const [dx] = gradients(F.sumSquares(F.take(x, [2, 0, 2, 2])), [x]);
  expect([...dx!.data()]).toEqual([2, 0, 18]);
});

it('differentiates by all parts of a split, whether they are used or not', () => {
  const x = parameter([2, 4]);
  x.write([1, 2, 3, 4, 5, 6, 7, 8]);
  const parts = F.split(x, [1, 2, 1]);
  const loss = F.add(F.sumSquares(parts[1]!), F.sumSquares(parts[2]!));
  const [dx] = gradients(loss, [x]);
  expect([...dx!.data()]).toEqual([0, 4, 6, 8, 0, 12, 14, 16]);
});

describe('a compiled slice lies in its tensor', () => {
  const image = { shape: [4, 3, 5, 6], dtype: 'f32' } as const;
  const kernels = (fn: (x: Tensor) => Tensor | readonly Tensor[]): string[] => {
    const plan = compile(fn, [image]);
    const steps = plan.lowered.main.flatMap((node) => node.steps.map(({ kernel }) => kernel));
    plan.dispose();
    return steps;
  };
  const relu = 'relu.forward.f32/simd';

  it.each<[string, (x: Tensor) => Tensor]>([
    ['images', (x) => F.relu(F.sliceAxis(F.relu(x), { axis: 0, start: 1, end: 3 }))],
    ['channels', (x) => F.relu(F.sliceAxis(F.relu(x), { start: 2 }))],
    ['one of a split', (x) => F.relu(F.split(F.relu(x), 2, 0)[1]!)],
    [
      'rows of one image',
      (x) =>
        F.relu(
          F.sliceAxis(F.sliceAxis(F.relu(x), { axis: 0, start: 2, end: 3 }), { axis: 1, start: 1 }),
        ),
    ],
  ])('%s', (_, fn) => {
    expect(kernels(fn)).toEqual([relu, relu]);
  });

  it('but for rows of several images', () => {
    const rows = (x: Tensor): Tensor => F.relu(F.sliceAxis(F.relu(x), { axis: 1, start: 1 }));
    expect(kernels(rows)).toEqual([relu, 'copy.forward.f32/simd', relu]);
  });

  it('with the values of eager code, where parts overlap and are read again', async () => {
    const fn = (x: Tensor): Tensor[] => {
      const y = F.add(x, x);
      const [a, b] = [
        { start: 0, end: 3 },
        { start: 1, end: 4 },
      ].map((cut) => F.sliceAxis(y, { axis: 0, ...cut }));
      const channels = F.sliceAxis(b!, { start: 2, end: 5 });
      return [F.relu(a!), F.relu(channels), F.add(b!, a!), F.relu(y)];
    };
    const x = counted([...image.shape]);
    const eager = fn(x).map((y) => [...y.data()]);
    const plan = compile(fn, [image]);
    const compiled = await plan.run(x.data());
    plan.dispose();
    expect(compiled.map((y) => [...y])).toEqual(eager);
  });
});
