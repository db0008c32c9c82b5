import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { tensor, zeros } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { batchNorm } from '../../ts/functions/batchNorm.ts';
import { groupNorm } from '../../ts/functions/groupNorm.ts';
import { instanceNorm } from '../../ts/functions/instanceNorm.ts';
import { layerNorm } from '../../ts/functions/layerNorm.ts';
import { logSoftmax } from '../../ts/functions/logSoftmax.ts';
import { matmul } from '../../ts/functions/matmul.ts';
import { max } from '../../ts/functions/max.ts';
import { mean } from '../../ts/functions/mean.ts';
import { globalAvgPool2d } from '../../ts/functions/globalAvgPool2d.ts';
import { softmax } from '../../ts/functions/softmax.ts';
import { sum } from '../../ts/functions/sum.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(builds.map((build) => engineOn(build)));
afterAll(() => engines.forEach((engine) => engine.close()));

/** Long enough for lanes, blocks of them and what is left; one special value at `at`. */
const LENGTH = 16 * 64 + 16 + 5;
const withOne = (value: number, at: number, shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: LENGTH }, (_, i) => (i === at ? value : (i % 7) - 9)),
    shape,
  );

/** Its gradient by each element, for the sum of what `fn` gives. */
function gradientOf(fn: (x: Tensor) => Tensor, values: number[], shape: number[]): number[] {
  const x = tensor(values, shape);
  x.requiresGrad = true;
  const [dx] = gradients(sum(fn(x)), [x]);
  return [...dx!.data()];
}

describe.each(engines)('special values on $build', (engine) => {
  beforeEach(() => useEngine(engine));

  const places = [0, 17, 16 * 64 + 3, LENGTH - 1];
  it.each(places)('a NaN or an infinity at %i is in sum, mean and max', (at) => {
    for (const shape of [[LENGTH], [LENGTH, 1], [1, LENGTH]]) {
      const ends = (value: number): number[] =>
        [sum, mean, max].map((fn) => fn(withOne(value, at, shape)).item());
      expect(ends(NaN)).toEqual([NaN, NaN, NaN]);
      expect(ends(Infinity)).toEqual([Infinity, Infinity, Infinity]);
      expect(ends(-Infinity)).toEqual([-Infinity, -Infinity, -3]);
    }
  });

  it('a NaN in a column stays in its column', () => {
    const x = tensor([1, NaN, 3, 4, 5, 6], [3, 2]);
    expect([...sum(x, { axes: 0 }).data()]).toEqual([9, NaN]);
    expect([...max(x, { axes: 0 }).data()]).toEqual([5, NaN]);
  });

  it('nothing sums up to 0, has no mean and no largest', () => {
    const x = zeros([2, 0]);
    expect([...sum(x, { axes: 1 }).data()]).toEqual([0, 0]);
    expect([...mean(x, { axes: 1 }).data()]).toEqual([NaN, NaN]);
    expect(sum(x).item()).toBe(0);
    expect(mean(x).item()).toBeNaN();
    expect(() => max(x, { axes: 1 })).toThrow('max: input [2, 0] has no elements along axis 1');
    expect(() => max(x)).toThrow(RangeError);
    expect(max(x, { axes: 0 }).shape).toEqual([0]);
  });

  it('the largest of nothing but -Infinity is -Infinity', () => {
    const x = tensor(new Float32Array(40).fill(-Infinity), [2, 20]);
    expect([...max(x, { axes: 1 }).data()]).toEqual([-Infinity, -Infinity]);
  });

  it('ties of a maximum share its gradient evenly, over all axes at once', () => {
    expect(gradientOf(max, [3, 1, 3, 3], [4])).toEqual([1, 0, 1, 1].map((x) => Math.fround(x / 3)));
    expect(gradientOf((x) => max(x, { axes: 1 }), [2, 2, 0, 5], [2, 2])).toEqual([0.5, 0.5, 0, 1]);
    // Three ties, two of them in one row: thirds, not a half and two quarters.
    const apart = (x: Tensor): Tensor => max(x, { axes: [0, 2] });
    const third = Math.fround(1 / 3);
    const values = [7, 7, 7, 0];
    expect(gradientOf(apart, values, [2, 1, 2])).toEqual([third, third, third, 0]);
    const halves = [0.5, 0, 0.5, 0.5, 0.5, 0, 0, 0];
    expect(gradientOf(apart, [7, 0, 7, 7, 7, 1, 0, 0], [2, 2, 2])).toEqual(halves);
  });

  it('zeros of both signs are ties, and infinities', () => {
    expect(gradientOf(max, [0, -0, -1], [3])).toEqual([0.5, 0.5, 0]);
    expect(gradientOf(max, [Infinity, 1, Infinity], [3])).toEqual([0.5, 0, 0.5]);
  });

  it('a NaN makes the gradients of its whole set NaN', () => {
    const values = [1, NaN, 2, 3, 4, 5];
    expect(gradientOf((x) => max(x, { axes: 1 }), values, [2, 3])).toEqual([
      NaN,
      NaN,
      NaN,
      0,
      0,
      1,
    ]);
  });

  it('the mean over height and width has the bits of the global average pool', () => {
    const x = tensor(
      Float32Array.from({ length: 2 * 5 * 7 * 9 }, (_, i) => Math.fround(((i * 37) % 101) / 7)),
      [2, 5, 7, 9],
    );
    expect(mean(x, { axes: [1, 2] }).data()).toEqual(globalAvgPool2d(x).data());
    expect(mean(x, { axes: [2, 1], keepDims: true }).shape).toEqual([2, 1, 1, 9]);
  });

  it('softmax of any axis stays finite for logits that overflow exp, and keeps a NaN to its set', () => {
    const x = tensor([1000, 1e5, -1000, 1e5, 0, -1e5], [3, 2]);
    expect([...softmax(x, { axis: 0 }).data()]).toEqual([1, 0.5, 0, 0.5, 0, 0]);
    expect([...logSoftmax(x, { axis: 0 }).data()]).toEqual([
      0,
      Math.fround(-Math.log(2)),
      -2000,
      Math.fround(-Math.log(2)),
      -1000,
      Math.fround(-2e5 - Math.log(2)),
    ]);
    const nan = tensor([NaN, 0, 1, 0], [2, 2]);
    expect([...softmax(nan, { axis: 0 }).data()]).toEqual([NaN, 0.5, NaN, 0.5]);
    expect([...logSoftmax(tensor([NaN, 1], [2])).data()]).toEqual([NaN, NaN]);
  });

  it('a NaN or an infinity stays within its row, its group or its image', () => {
    for (const special of [NaN, Infinity]) {
      const x = tensor([1, special, 3, 4, 1, 3, 2, 4], [2, 1, 2, 2]);
      const nans = (y: Tensor): boolean[] => [...y.data()].map(Number.isNaN);
      const [t, f] = [true, false];
      expect(nans(layerNorm(x, 2))).toEqual([t, t, f, f, f, f, f, f]);
      expect(nans(groupNorm(x, 1))).toEqual([t, t, t, t, f, f, f, f]);
      expect(nans(instanceNorm(x))).toEqual([f, t, f, t, f, f, f, f]);
    }
  });

  it('where f32 does not hold the squares, what is normalised becomes NaN, not the bias', () => {
    const values = [1e30, 2e30, 3e30, 1, 2, 3];
    const nans = (y: Tensor): boolean[] => [...y.data()].map(Number.isNaN);
    const apart = [true, true, true, false, false, false];
    expect(nans(layerNorm(tensor(values, [2, 3]), 3))).toEqual(apart);
    expect(nans(groupNorm(tensor(values, [2, 3, 1]), 1))).toEqual(apart);
    expect(nans(instanceNorm(tensor(values, [2, 3, 1])))).toEqual(apart);
    const [weight, bias] = [tensor([1, 1]), tensor([5, 5])];
    const [runningMean, runningVar] = [zeros([2]), zeros([2])];
    const options = { weight, bias, runningMean, runningVar, training: true };
    const y = batchNorm(tensor([1e30, 1, 2e30, 2, 3e30, 3], [3, 2]), options);
    expect(nans(y)).toEqual([true, false, true, false, true, false]);
  });

  it('equal values become 0, also with an eps of 0 beside a deviation', () => {
    const x = tensor(new Float32Array(24).fill(5), [1, 2, 3, 4]);
    for (const y of [layerNorm(x, 4), groupNorm(x, 2), instanceNorm(x)])
      expect([...y.data()]).toEqual(new Array(24).fill(0));
    expect([...layerNorm(tensor([1, 3], [1, 2]), 2, { eps: 0 }).data()]).toEqual([-1, 1]);
  });

  it('a NaN in a product stays in its row and column', () => {
    const a = tensor([1, NaN, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const y = matmul(a, tensor([1, 0, 0, 1, 1, 0, 0, 1], [2, 2, 2]));
    expect([...y.data()]).toEqual([NaN, NaN, 3, 4, 5, 6, 7, 8]);
  });
});

describe('what does not fit', () => {
  beforeEach(() => useEngine(engines[0]!));
  const x = () => zeros([2, 3, 4, 6]);

  it.each<[string, () => unknown, string]>([
    ['an axis', () => sum(x(), { axes: 4 }), 'sum: axis is 4 but input [2, 3, 4, 6] has 4 axes'],
    ['a negative axis', () => mean(x(), { axes: [-5] }), 'mean: axis is -5'],
    ['half an axis', () => max(x(), { axes: 0.5 }), 'max: axis is 0.5'],
    ['an axis twice', () => sum(x(), { axes: [1, -3] }), 'axes [1, -3] name axis 1 twice'],
    ['softmax', () => softmax(x(), { axis: 4 }), 'softmax: axis is 4'],
    [
      'softmax of a scalar',
      () => softmax(zeros([])),
      'softmax: axis is -1 but input [] has 0 axes',
    ],
    ['logSoftmax', () => logSoftmax(x(), { axis: -5 }), 'logSoftmax: axis is -5'],
    [
      'layerNorm',
      () => layerNorm(x(), 5),
      'input [2, 3, 4, 6] must end with the normalised axes [5]',
    ],
    ['layerNorm of more axes', () => layerNorm(zeros([6]), [4, 6]), 'must end with'],
    ['layerNorm of nothing', () => layerNorm(x(), []), 'must end with the normalised axes []'],
    [
      'gamma',
      () => layerNorm(x(), 6, { weight: zeros([4]) }),
      'gamma has shape [4] but must be [6]',
    ],
    ['groups', () => groupNorm(x(), 4), 'has 6 channels, which 4 groups do not divide'],
    ['no groups', () => groupNorm(x(), 0), 'groups is 0 but must be a whole number of at least 1'],
    ['one value', () => groupNorm(zeros([2, 6]), 6), 'expected more than 1 value per group but'],
    [
      'one pixel',
      () => instanceNorm(zeros([2, 1, 1, 6])),
      'instanceNorm: expected more than 1 value',
    ],
    [
      'bias',
      () => groupNorm(x(), 2, { bias: zeros([5]) }),
      'has 6 channels but beta has shape [5]',
    ],
    ['eps', () => layerNorm(x(), 6, { eps: -1 }), 'layerNorm: eps is -1 but must be a number ≥ 0'],
    [
      'depth',
      () => matmul(zeros([2, 3]), zeros([4, 5])),
      'has 3 columns but second [4, 5] has 4 rows',
    ],
    [
      'a vector',
      () => matmul(zeros([3]), zeros([3, 5])),
      'first input has shape [3] but must be a',
    ],
    ['matrices', () => matmul(zeros([2, 3, 4]), zeros([3, 4, 5])), 'leading axes of 2 and 3'],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(RangeError);
    expect(fn).toThrow(message);
  });

  it('types', () => {
    const labels = tensor([0, 1], [1, 2], 'i32');
    for (const fn of [sum, mean, max, softmax, logSoftmax, instanceNorm])
      expect(() => fn(labels)).toThrow(TypeError);
    expect(() => layerNorm(labels, 2)).toThrow(TypeError);
    expect(() => matmul(labels, labels)).toThrow(TypeError);
    expect(() => sum(zeros([2]), { axes: '0' as unknown as number })).toThrow(TypeError);
    expect(() => sum(zeros([2]), { axis: 0 } as object)).toThrow('unknown option "axis"');
  });
});
