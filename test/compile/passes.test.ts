import { afterAll, describe, expect, it } from 'vitest';
import { apply } from '../../ts/core/apply.ts';
import { compile } from '../../ts/compile/compile.ts';
import type { TensorFunction } from '../../ts/compile/capture.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { parameter, tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { add } from '../../ts/functions/add.ts';
import { batchNorm } from '../../ts/functions/batchNorm.ts';
import { concat } from '../../ts/functions/concat.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { dot } from '../../ts/functions/dot.ts';
import { linear } from '../../ts/functions/linear.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { relu } from '../../ts/functions/relu.ts';
import { sliceChannels } from '../../ts/functions/sliceChannels.ts';
import { sumSquares } from '../../ts/functions/sumSquares.ts';
import { randomUniform } from '../../ts/ops/random/randomUniform.ts';
import { scope } from '../../ts/core/scope.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { noGrad } from '../../ts/core/tape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import { expectClose, expectSameBits } from '../helpers/close.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd');
useEngine(engine);
afterAll(() => engine.close());

const random = (name: string, shape: Shape, scale = 1, shift = 0): Tensor =>
  tensor(goldenTensor(name, shape, scale, shift), shape);

function statistics(channels: number) {
  return {
    weight: random('gamma', [channels], 0.5, 1),
    bias: random('beta', [channels]),
    runningMean: random('mean', [channels], 0.1),
    runningVar: random('var', [channels], 0.5, 1),
  };
}

const shape = [2, 6, 7, 5];
const w = random('w', [3, 3, 5, 8], 0.3);
const bias = random('bias', [8]);
const norm = statistics(8);
const before = statistics(5);

/** Compiles for inference; returns the ops that run each time, and results of the plan and of eager code. */
async function both(fn: TensorFunction, input: Shape = shape) {
  const values = goldenTensor('x', input);
  const plan = compile(fn, [{ shape: input, dtype: 'f32' }], { recording: false });
  const compiled = await plan.run(values);
  const ops = planRows(plan).map(({ op }) => op);
  const eager = scope(() =>
    noGrad(() => [fn(tensor(values, input))].flat().map((value) => value.data())),
  );
  plan.dispose();
  return { ops, compiled, eager };
}

describe('inference', () => {
  it.each<[string, TensorFunction, string[]]>([
    ['batch norm', (x) => batchNorm(conv2d(x, w, { padding: 1 }), norm), ['conv2d']],
    [
      'batch norm after a bias, and ReLU',
      (x) => relu(batchNorm(conv2d(x, w, { padding: 1, bias }), norm)),
      ['conv2d'],
    ],
    [
      'a residual block',
      (x) => {
        const y = conv2d(x, w, { padding: 1 });
        const z = relu(batchNorm(conv2d(x, w, { padding: 1 }), norm));
        return relu(add(batchNorm(y, norm), z));
      },
      ['conv2d', 'conv2d'],
    ],
  ])('folds %s into the convolution', async (_, fn, expected) => {
    const { ops, compiled, eager } = await both(fn);
    expect(ops).toEqual(expected);
    expectClose(compiled[0]!, eager[0]!, 2e-6, 'folded');
  });

  it('folds again when a statistic was written', async () => {
    const own = statistics(8);
    const plan = compile((x) => batchNorm(conv2d(x, w), own), [{ shape, dtype: 'f32' }]);
    const values = goldenTensor('x', shape);
    for (const name of ['runningMean', 'runningVar', 'weight', 'bias'] as const) {
      own[name].write(goldenTensor(`new ${name}`, [8], 0.5, 1));
      const eager = batchNorm(conv2d(tensor(values, shape), w), own).data();
      expectClose((await plan.run(values))[0]!, eager, 2e-6, name);
    }
    plan.dispose();
  });

  it('does not fold into weights that are computed', async () => {
    const wide = random('wide', [3, 3, 5, 12], 0.3);
    const { ops, compiled, eager } = await both((x) =>
      batchNorm(conv2d(x, sliceChannels(wide, 3, 11)), norm),
    );
    expect(ops).toEqual(['conv2d', 'batchNormInference']);
    expectSameBits(compiled, eager, 'unfolded');
  });

  it('does not fold where another op reads the convolution', async () => {
    const { ops, compiled, eager } = await both((x) => {
      const y = conv2d(x, w);
      return [batchNorm(y, norm), y];
    });
    expect(ops).toEqual(['conv2d', 'batchNormInference']);
    expectSameBits(compiled, eager, 'unfolded');
  });

  it.each<[string, TensorFunction, string[]]>([
    ['ReLU into an addition', (x) => relu(add(x, multiply(x, x))), ['multiply', 'add']],
    ['ReLU into a convolution', (x) => relu(conv2d(x, w)), ['conv2d']],
    [
      'a shortcut and ReLU into a convolution',
      (x) => relu(add(x, conv2d(x, random('square', [3, 3, 5, 5]), { padding: 1 }))),
      ['conv2d'],
    ],
    [
      'the addition of two convolutions into one of them',
      (x) => add(conv2d(x, w), conv2d(x, w, { bias })),
      ['conv2d', 'conv2d'],
    ],
    [
      'batch norm and ReLU into a 1×1 convolution after them',
      (x) => conv2d(relu(batchNorm(x, before)), random('point', [1, 1, 5, 8]), { bias }),
      ['conv2d'],
    ],
    [
      'neither into one with a stride, nor into two',
      (x) => {
        const [y, z] = [relu(batchNorm(x, before)), relu(batchNorm(x, before))];
        const point = random('point', [1, 1, 5, 8]);
        return [conv2d(y, point, { stride: 2 }), conv2d(z, point), conv2d(z, point)];
      },
      ['batchNormInference', 'batchNormInference', 'conv2d', 'conv2d', 'conv2d'],
    ],
    [
      'no batch norm without a ReLU into a 1×1 convolution, which would clip',
      (x) => conv2d(batchNorm(x, before), random('point', [1, 1, 5, 8]), { bias }),
      ['batchNormInference', 'conv2d'],
    ],
    [
      'no ReLU whose input is wanted',
      (x) => [relu(add(x, x))].flatMap((y) => [y, relu(y)]),
      ['add', 'relu'],
    ],
  ])('fuses %s, with the same bits', async (_, fn, expected) => {
    const { ops, compiled, eager } = await both(fn);
    expect(ops).toEqual(expected);
    expectSameBits(compiled, eager, 'fused');
  });

  it('drops what nobody reads', async () => {
    const { ops } = await both((x) => {
      conv2d(relu(x), w);
      return add(x, x);
    });
    expect(ops).toEqual(['add']);
  });

  it('computes what depends on weights alone once, before the runs', async () => {
    const { ops, compiled, eager } = await both((x) => multiply(x, relu(multiply(own, own))));
    expect(ops).toEqual(['multiply']);
    expectSameBits(compiled, eager, 'constants');
  });
});

const own = random('own', shape);

describe('parts of tensors', () => {
  it('take no memory of their own where kernels can skip the gaps between rows', async () => {
    const count = (fn: TensorFunction): number => {
      const plan = compile(fn, [{ shape, dtype: 'f32' }], { recording: false });
      const ops = planRows(plan).length;
      expect(ops).toBeGreaterThan(0);
      plan.dispose();
      return plan.peakBytes;
    };
    const parts = (x: Tensor): Tensor[] => [relu(x), multiply(x, x)];
    const joined = count((x) => concat(parts(x)));
    expect(joined).toBe(count((x) => concat([...parts(x)].reverse())));
    expect(joined).toBeLessThan(count((x) => [concat(parts(x)), ...parts(x)]));
  });

  it('are copied for kernels that want rows without gaps', async () => {
    const specs = [shape, [3, 3, 5, 12], [4, 9]].map((axes) => ({
      shape: axes,
      dtype: 'f32' as const,
    }));
    const values = specs.map((spec, i) => goldenTensor(`part ${i}`, spec.shape));
    const fn: TensorFunction = (x, wide, matrix) => {
      const y = conv2d(x, sliceChannels(relu(wide), 2, 10), { padding: 1 });
      const z = linear(sliceChannels(relu(matrix), 1, 5), sliceChannels(relu(matrix), 4, 9));
      const noise = { shape: [2, 6, 7, 3], seed: 1, stream: 2, low: -1, high: 1 };
      const { y: numbers } = apply(randomUniform, {}, noise);
      return [y, z, sumSquares(sliceChannels(y, 1, 4)), concat([numbers, sliceChannels(y, 3, 5)])];
    };
    const plan = compile(fn, specs, { recording: false });
    const eager = fn(...values.map((array, i) => tensor(array, specs[i]!.shape)));
    expectSameBits(
      await plan.run(...values),
      [eager].flat().map((value) => value.data()),
      'parts',
    );
    plan.dispose();
  });

  it.each<[string, (t: Tensor) => Tensor, number]>([
    ['begins before', (t) => add(sliceChannels(t, 2, 22), sliceChannels(t, 0, 20)), 20],
    ['begins after', (t) => add(sliceChannels(t, 0, 20), sliceChannels(t, 2, 22)), 20],
    ['is the same', (t) => add(sliceChannels(t, 1, 21), sliceChannels(t, 1, 21)), 20],
    [
      'is read by a later op',
      (t) =>
        multiply(add(sliceChannels(t, 0, 8), sliceChannels(t, 8, 16)), sliceChannels(t, 4, 12)),
      8,
    ],
  ])(
    'are not written by an op while another part that overlaps them %s',
    async (_, fn, channels) => {
      const wide = [2, 6, 7, 22];
      const k = random('k', [2, 6, 7, channels]);
      const { compiled, eager } = await both((x) => multiply(fn(relu(x)), k), wide);
      expectSameBits(compiled, eager, 'overlapping parts');
    },
  );

  it('have gradients that are parts or sums', async () => {
    const weight = parameter([3, 3, 5, 8]);
    weight.write(goldenTensor('weight', [3, 3, 5, 8]));
    const step: TensorFunction = (x) => {
      const halves = [sliceChannels(relu(weight), 0, 4), sliceChannels(weight, 4)];
      const y = concat(halves.map((half) => conv2d(x, half)));
      return gradients(dot(y, y), [weight]);
    };
    const values = goldenTensor('x', shape);
    const plan = compile(step, [{ shape, dtype: 'f32' }]);
    const eager = [step(tensor(values, shape))].flat().map((value) => value.data());
    expectSameBits(await plan.run(values), eager, 'gradients');
    plan.dispose();
  });
});

describe('sums of gradients', () => {
  const trained = () => ({ ...statistics(8), training: true });
  const branch = random('branch', [3, 3, 8, 8], 0.3);
  it.each<[string, (h: Tensor) => Tensor, string]>([
    ['a convolution', (h) => add(conv2d(h, branch, { padding: 1 }), h), 'conv2dBackwardInput'],
    [
      'a convolution with stride',
      (h) =>
        concat([
          conv2d(h, branch, { stride: 2, padding: 1 }),
          conv2d(h, branch, { stride: 2, padding: 1 }),
        ]),
      'conv2dBackwardInput',
    ],
    ['batch norm', (h) => add(batchNorm(h, trained()), h), 'batchNormBackward'],
    ['batch norm and ReLU', (h) => concat([relu(batchNorm(h, trained())), h]), 'batchNormBackward'],
  ])('are made by %s', async (_, fn, expected) => {
    const weight = parameter([3, 3, 5, 8]);
    weight.write(goldenTensor('weight', [3, 3, 5, 8]));
    const step: TensorFunction = (x) => {
      const y = fn(conv2d(x, weight));
      return gradients(dot(y, y), [weight]);
    };
    const values = goldenTensor('x', shape);
    const plan = compile(step, [{ shape, dtype: 'f32' }]);
    const rows = planRows(plan).map(({ op }) => op);
    expect(rows).toContain(expected);
    expect(rows.slice(rows.indexOf('dot'))).not.toContain('add');
    const eager = [step(tensor(values, shape))].flat().map((value) => value.data());
    expectSameBits(await plan.run(values), eager, 'gradients');
    plan.dispose();
  });
});
