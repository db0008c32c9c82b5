import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parameter, tensor, zeros } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { add } from '../../ts/functions/add.ts';
import { avgPool2d } from '../../ts/functions/avgPool2d.ts';
import { batchNorm } from '../../ts/functions/batchNorm.ts';
import { concat } from '../../ts/functions/concat.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { convTranspose2d } from '../../ts/functions/convTranspose2d.ts';
import { countCorrect } from '../../ts/functions/countCorrect.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { depthwiseConv2d } from '../../ts/functions/depthwiseConv2d.ts';
import { dot } from '../../ts/functions/dot.ts';
import { linear } from '../../ts/functions/linear.ts';
import { maxPool2d } from '../../ts/functions/maxPool2d.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { relu } from '../../ts/functions/relu.ts';
import { reshape } from '../../ts/functions/reshape.ts';
import { sigmoid } from '../../ts/functions/sigmoid.ts';
import { softmax } from '../../ts/functions/softmax.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(builds.map((build) => engineOn(build)));
afterAll(() => engines.forEach((engine) => engine.close()));

/** As many elements as meet vectors and their tail, with one special value at `at`. */
const withOne = (value: number, at: number): Tensor =>
  tensor(
    Float32Array.from({ length: 11 }, (_, i) => (i === at ? value : i - 5)),
    [11],
  );

describe.each(engines)('special values on $build', (engine) => {
  beforeEach(() => useEngine(engine));

  it.each([0, 6, 10])('ReLU keeps NaN at %i, and clips the rest', (at) => {
    const expected = Array.from({ length: 11 }, (_, i) => (i === at ? NaN : Math.max(i - 5, 0)));
    expect([...relu(withOne(NaN, at)).data()]).toEqual(expected);
    expect([...add(withOne(NaN, at), zeros([11]), { relu: true }).data()]).toEqual(expected);
    expect(relu(withOne(-Infinity, at)).data()[at]).toBe(0);
    expect(relu(withOne(Infinity, at)).data()[at]).toBe(Infinity);
  });

  it('ReLU that is part of another op keeps NaN as well', () => {
    const x = tensor([NaN, -1, 2, -3, 4, NaN], [1, 6, 1, 1]);
    const expected = [NaN, 0, 2, 0, 4, NaN];
    const one = tensor([1], [1, 1, 1, 1]);
    expect([...conv2d(x, one, { relu: true }).data()]).toEqual(expected);
  });

  it('depthwise convolution keeps NaN in each lane, with ReLU and without', () => {
    const values = Array.from({ length: 15 }, (_, i) => (i % 3 === 0 ? NaN : i - 7));
    const ones = tensor(new Float32Array(15).fill(1), [1, 1, 1, 15]);
    for (const relu of [false, true]) {
      const y = depthwiseConv2d(tensor(values, [1, 1, 1, 15]), ones, { relu });
      expect([...y.data()]).toEqual(values.map((value) => (relu ? Math.max(value, 0) : value)));
    }
  });

  it('batch norm that has a ReLU keeps NaN as well', () => {
    const x = tensor([NaN, -1, 2, -3, 4, NaN], [1, 6, 1, 1]);
    const expected = [NaN, 0, 2, 0, 4, NaN];
    const [weight, bias] = [tensor([1], [1]), tensor([0], [1])];
    const statistics = { weight, bias, runningMean: bias, runningVar: weight };
    const y = batchNorm(x, { ...statistics, eps: 0, relu: true });
    expect([...y.data()]).toEqual(expected);
  });

  it('max pooling takes NaN for the largest, and gives it the gradient', () => {
    const x = parameter([1, 2, 4, 1]);
    x.write([1, NaN, 5, 5, 9, 2, 3, 4]);
    const y = maxPool2d(x, { kernelSize: 2 });
    expect([...y.data()]).toEqual([NaN, 5]);
    const [dx] = gradients(dot(y, tensor([2, 3], [1, 1, 2, 1])), [x]);
    expect([...dx!.data()]).toEqual([0, 2, 3, 0, 0, 0, 0, 0]);
  });

  it('max pooling of nothing but -Infinity is -Infinity', () => {
    const x = tensor(new Float32Array(9).fill(-Infinity), [1, 3, 3, 1]);
    const y = maxPool2d(x, { kernelSize: 3, padding: 1, stride: 2 });
    expect([...y.data()]).toEqual([-Infinity, -Infinity, -Infinity, -Infinity]);
  });

  it('sigmoid neither overflows nor loses NaN', () => {
    const x = tensor([-Infinity, -1e4, 0, 1e4, Infinity, NaN], [6]);
    expect([...sigmoid(x).data()]).toEqual([0, 0, 0.5, 1, 1, NaN]);
    x.requiresGrad = true;
    const [dx] = gradients(dot(sigmoid(x), tensor([1, 1, 8, 1, 1, 1], [6])), [x]);
    expect([...dx!.data()]).toEqual([0, 0, 2, 0, 0, NaN]);
  });

  it('a label out of range makes the loss NaN and is never right', () => {
    for (const label of [-1, 3, 2 ** 31 - 1]) {
      const [logits, labels] = [zeros([2, 3]), tensor([0, label], [2], 'i32')];
      expect(crossEntropy(logits, labels).item()).toBeNaN();
      expect(countCorrect(logits, labels).item()).toBe(1);
    }
  });

  it('softmax and its loss stay finite for logits that overflow exp', () => {
    const logits = tensor([1000, -1000, 0, -1e5, 1e5, 1e5], [2, 3]);
    expect([...softmax(logits).data()]).toEqual([1, 0, 0, 0, 0.5, 0.5]);
    const loss = crossEntropy(logits, tensor([0, 1], [2], 'i32')).item();
    expect(loss).toBeCloseTo(Math.log(2) / 2, 6);
  });
});

describe('shapes that do not fit', () => {
  beforeEach(() => useEngine(engines[0]!));
  const [x, w] = [() => zeros([1, 5, 5, 4]), () => zeros([3, 3, 4, 6])];
  const labels = () => tensor([0, 1], [2], 'i32');

  it.each<[string, () => unknown, string]>([
    ['channels', () => conv2d(zeros([1, 5, 5, 3]), w()), 'has 3 channels but weight expects 4'],
    [
      'axes',
      () => conv2d(zeros([5, 5, 4]), w()),
      'input has shape [5, 5, 4] but must be [N, H, W, C]',
    ],
    [
      'kernel',
      () => conv2d(zeros([1, 2, 2, 4]), w()),
      'kernel 3×3 is larger than the padded input 2×2',
    ],
    ['groups', () => conv2d(x(), w(), { groups: 3 }), 'has 4 channels but weight expects 12'],
    [
      'stride',
      () => conv2d(x(), w(), { stride: 0 }),
      'stride 0 is not a whole number of at least 1',
    ],
    ['bias', () => conv2d(x(), w(), { bias: zeros([5]) }), 'bias has shape [5] but must be [6]'],
    [
      'channels of a depthwise convolution',
      () => depthwiseConv2d(x(), zeros([3, 3, 1, 5])),
      'depthwiseConv2d: weight has shape [3, 3, 1, 5] but must be [KH, KW, 1, 4] for input [1, 5, 5, 4]',
    ],
    [
      'channels of a transposed convolution',
      () => convTranspose2d(x(), w()),
      'input [1, 5, 5, 4] has 4 channels but weight [3, 3, 4, 6] expects 6',
    ],
    [
      'output padding',
      () => convTranspose2d(zeros([1, 5, 5, 6]), w(), { stride: 2, outputPadding: 2 }),
      'output padding 2 is not a whole number from 0 up to below the stride 2',
    ],
    [
      'padding of a transposed convolution',
      () => convTranspose2d(zeros([1, 1, 2, 6]), w(), { padding: 2 }),
      'padding 2, 2, 2, 2 leaves an output of -1×0 for an input of 1×2',
    ],
    [
      'dilation of a transposed convolution',
      () => convTranspose2d(zeros([1, 5, 5, 6]), w(), { dilation: 0 }),
      'dilation 0 is not a whole number of at least 1',
    ],
    [
      'stride of a transposed convolution',
      () => convTranspose2d(zeros([1, 5, 5, 6]), w(), { stride: 0 }),
      'stride 0 is not a whole number of at least 1',
    ],
    [
      'bias of a transposed convolution',
      () => convTranspose2d(zeros([1, 5, 5, 6]), w(), { bias: zeros([6]) }),
      'bias has shape [6] but must be [4]',
    ],
    ['matrix', () => linear(zeros([2, 3]), zeros([4, 5])), 'has 3 features but weight expects 4'],
    [
      'add',
      () => add(zeros([2, 3]), zeros([3, 2])),
      'add: shapes [2, 3] and [3, 2] do not fit: one has 2 where the other has 3',
    ],
    ['multiply', () => multiply(zeros([2]), zeros([3])), 'multiply'],
    ['concat', () => concat([zeros([2, 3]), zeros([3, 3])]), 'differ in more than the last axis'],
    ['reshape', () => reshape(zeros([2, 3]), [4, -1]), 'reshape: input [2, 3] has 6 elements'],
    ['pool', () => maxPool2d(zeros([1, 2, 2, 1]), { kernelSize: 3 }), 'maxPool2d: height 2'],
    [
      'padding of a pool',
      () => avgPool2d(x(), { kernelSize: 2, padding: 2 }),
      'must be less than the kernel',
    ],
    ['rows', () => crossEntropy(zeros([3, 4]), labels()), 'have 3 rows but labels have shape [2]'],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(RangeError);
    expect(fn).toThrow(message);
  });

  it('types', () => {
    expect(() => crossEntropy(zeros([2, 4]), zeros([2]))).toThrow(TypeError);
    expect(() => relu(labels())).toThrow(TypeError);
    expect(() => conv2d(x(), tensor(new Int32Array(216), [3, 3, 4, 6], 'i32'))).toThrow(TypeError);
  });
});
