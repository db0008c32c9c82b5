import { adamwUpdate } from '../../ts/ops/adamwUpdate.ts';
import {
  adaptiveAvgPool2d,
  adaptiveAvgPool2dBackward,
} from '../../ts/ops/pools/adaptiveAvgPool2d.ts';
import { add } from '../../ts/ops/add.ts';
import { avgPool2d, avgPool2dBackward } from '../../ts/ops/pools/avgPool2d.ts';
import { batchNormBackward } from '../../ts/ops/batchNorm/batchNormBackward.ts';
import { batchNormInference } from '../../ts/ops/batchNorm/batchNormInference.ts';
import { batchNormTrain } from '../../ts/ops/batchNorm/batchNormTrain.ts';
import { foldBatchNorm } from '../../ts/ops/batchNorm/foldBatchNorm.ts';
import { batchNormStatistics } from '../../ts/ops/batchNorm/batchNormStatistics.ts';
import { channelMoments } from '../../ts/ops/batchNorm/channelMoments.ts';
import { rstdOfVariance } from '../../ts/ops/batchNorm/rstdOfVariance.ts';
import { copy } from '../../ts/ops/copy.ts';
import { countCorrect } from '../../ts/ops/countCorrect.ts';
import { dot, scaleBy } from '../../ts/ops/dot.ts';
import { dropout } from '../../ts/ops/dropout.ts';
import { fill } from '../../ts/ops/fill.ts';
import { map } from '../../ts/ops/map/map.ts';
import { multiplying, prelu, silu } from '../../ts/ops/map/formulas.ts';
import { groupNorm } from '../../ts/ops/groupNorm/groupNorm.ts';
import { groupNormBackward } from '../../ts/ops/groupNorm/groupNormBackward.ts';
import { layerNorm } from '../../ts/ops/layerNorm/layerNorm.ts';
import { layerNormBackward } from '../../ts/ops/layerNorm/layerNormBackward.ts';
import { layerNormParameters } from '../../ts/ops/layerNorm/layerNormParameters.ts';
import { matmul } from '../../ts/ops/matmul/matmul.ts';
import {
  localResponseNorm,
  localResponseNormBackward,
  type LocalResponseNormAttrs,
} from '../../ts/ops/localResponseNorm.ts';
import { pixelShuffle } from '../../ts/ops/moves/pixelShuffle.ts';
import { padAxes, slice } from '../../ts/ops/moves/slice.ts';
import { transpose } from '../../ts/ops/moves/transpose.ts';
import { blurPool2d } from '../../ts/ops/resample/blurPool2d.ts';
import { interpolate } from '../../ts/ops/resample/interpolate.ts';
import { take } from '../../ts/ops/resample/take.ts';
import { maxPool2d, maxPool2dBackward } from '../../ts/ops/pools/maxPool2d.ts';
import { multiply } from '../../ts/ops/multiply.ts';
import { poolShape, type PoolGeometry } from '../../ts/ops/pools/poolShape.ts';
import { randomNormal } from '../../ts/ops/random/randomNormal.ts';
import { randomUniform } from '../../ts/ops/random/randomUniform.ts';
import { reduceAttrs, type ReduceAttrs } from '../../ts/ops/reduce/axes.ts';
import { expandAxes } from '../../ts/ops/reduce/expandAxes.ts';
import { max, maxBackward } from '../../ts/ops/reduce/max.ts';
import { mean } from '../../ts/ops/reduce/mean.ts';
import { sum } from '../../ts/ops/reduce/sum.ts';
import { relu, reluBackward } from '../../ts/ops/relu.ts';
import { sgdUpdate } from '../../ts/ops/sgdUpdate.ts';
import { sigmoid, sigmoidBackward } from '../../ts/ops/sigmoid.ts';
import { softmax, softmaxBackward } from '../../ts/ops/softmax.ts';
import { softmaxAxis, softmaxAxisBackward } from '../../ts/ops/softmaxAxis.ts';
import { softmaxCrossEntropy } from '../../ts/ops/softmaxCrossEntropy.ts';
import { subsamplePad, subsamplePadBackward } from '../../ts/ops/subsamplePad.ts';
import { sumPixels } from '../../ts/ops/sumPixels.ts';
import type { Shape } from '../../ts/base/shape.ts';
import type { Random } from '../helpers/random.ts';
import { floats, ints, problem, type Problem, type Strided } from './lowered.ts';

/** A problem of a kind, drawn at random. */
export type Draw = (random: Random) => Problem;

/** Rows that meet the ends of vectors and, now and then, of chunks. */
function rows(random: Random): Shape {
  const many = random.int(0, 5) === 0;
  return [many ? random.int(1000, 3000) : random.int(1, 20), random.int(1, 37)];
}

function images(random: Random): [number, number, number, number] {
  const many = random.int(0, 5) === 0;
  const side = (): number => random.int(many ? 12 : 3, many ? 30 : 11);
  return [random.int(1, 3), side(), side(), random.int(1, many ? 35 : 21)];
}

/** A window that fits an image. */
function window(random: Random): PoolGeometry {
  const pair = (low: number, high: number) =>
    [random.int(low, high), random.int(low, high)] as const;
  const kernelSize = pair(1, 3);
  const pad = (axis: 0 | 1): number => random.int(0, kernelSize[axis] - 1);
  return {
    kernelSize,
    stride: pair(1, 3),
    padding: [pad(0), pad(1), pad(0), pad(1)],
    dilation: [1, 1],
    ceilMode: random.coin(),
  };
}

const perChannel = (random: Random, shape: Shape, shift = 0): Strided =>
  floats(random, [shape.at(-1)!], { dense: true, shift, scale: 0.5 });

type RunningNorm = Record<'gamma' | 'beta' | 'runningMean' | 'runningVar', Strided>;

/** Parameters and running statistics for the channels of this shape. */
function runningNorm(random: Random, shape: Shape): RunningNorm {
  return {
    gamma: perChannel(random, shape, 1),
    beta: perChannel(random, shape),
    runningMean: perChannel(random, shape),
    runningVar: perChannel(random, shape, 1),
  };
}

/** A shape of up to four axes, and some of them. */
function reduction(random: Random): { shape: Shape; attrs: ReduceAttrs } {
  const many = random.int(0, 3) === 0;
  const shape = Array.from({ length: random.int(1, 4) }, () => random.int(1, 9));
  if (many) shape[random.int(0, shape.length - 1)] = random.int(60, 300);
  const axes = [...shape.keys()].filter(() => random.coin());
  return { shape, attrs: reduceAttrs('reduction', shape, axes, random.coin()) };
}

/** An array without gaps, of few different numbers where ties matter. */
function dense(random: Random, shape: Shape, { ties = false, scale = 1, shift = 0 } = {}): Strided {
  const made = floats(random, shape, { dense: true, scale, shift });
  if (ties) made.values.forEach((value, i) => (made.values[i] = Math.round(2 * value)));
  return made;
}

/** x, dy and the statistics of a norm that has one of each for each row of `statistics`. */
function normGradient(random: Random, shape: Shape, statistics: Shape, parameters: Shape) {
  return {
    dy: dense(random, shape),
    x: dense(random, shape),
    mean: dense(random, statistics, { scale: 0.5 }),
    rstd: dense(random, statistics, { shift: 1, scale: 0.5 }),
    gamma: random.coin() ? dense(random, parameters, { shift: 1, scale: 0.5 }) : undefined,
  };
}
const lrn = (random: Random): LocalResponseNormAttrs => ({
  size: random.int(1, 7),
  alpha: 0.7,
  beta: random.coin() ? 0.75 : 0.6,
  k: 1,
});

const stream = (random: Random) => ({ seed: random.int(0, 9999), stream: random.int(0, 99) });

/** An image, and what normalises it. */
const normInputs = (random: Random, shape: Shape): RunningNorm & { x: Strided } => ({
  x: floats(random, shape, { shift: 0.5 }),
  ...runningNorm(random, shape),
});

/** Problems by kind; together they reach each kernel that has a reference of the same arguments. */
export const draws: Readonly<Record<string, Draw>> = {
  relu: (random) => problem(relu, { x: floats(random, rows(random)) }, {}),
  reluBackward(random) {
    const shape = rows(random);
    return problem(reluBackward, { dy: floats(random, shape), y: floats(random, shape) }, {});
  },
  sigmoid: (random) => problem(sigmoid, { x: floats(random, rows(random), { scale: 9 }) }, {}),
  sigmoidBackward(random) {
    const shape = rows(random);
    return problem(sigmoidBackward, { dy: floats(random, shape), y: floats(random, shape) }, {});
  },
  add(random) {
    const shape = rows(random);
    const inputs = { a: floats(random, shape), b: floats(random, shape) };
    return problem(add, inputs, { relu: random.coin() });
  },
  map(random) {
    const shape = images(random);
    const [count, , , channels] = shape;
    const formula = random.coin() ? prelu : multiplying;
    const gate = floats(random, [count, 1, 1, channels], { dense: true });
    return random.coin()
      ? problem(map, { parts: [floats(random, shape)] }, silu)
      : problem(map, { parts: [floats(random, shape), gate] }, formula);
  },
  copy: (random) => problem(copy, { x: floats(random, rows(random)) }, {}),
  slice(random) {
    const shape = images(random);
    const size = shape.map((count) => random.int(1, count));
    const start = shape.map((count, axis) => random.int(0, count - size[axis]!));
    return problem(slice, { x: floats(random, shape) }, { start, size });
  },
  padAxes(random) {
    const shape = images(random);
    const padding = shape.map(() => [random.int(0, 3), random.int(0, 3)] as const);
    return problem(padAxes, { x: floats(random, shape) }, { padding, value: 0.3 });
  },
  transpose(random) {
    const permutation = [0, 1, 2, 3].sort(() => random.int(0, 2) - 1);
    return problem(transpose, { x: floats(random, images(random)) }, { permutation });
  },
  pixelShuffle(random) {
    const [n, height, width, channels] = images(random);
    const factor = random.int(1, 3);
    const x = floats(random, [n, height, width, channels * factor * factor]);
    return problem(pixelShuffle, { x }, { factor });
  },
  take(random) {
    const shape = images(random);
    const axis = random.int(0, 3);
    const indices = shape.map(() => random.int(0, shape[axis]! - 1));
    return problem(take, { x: floats(random, shape) }, { axis, indices });
  },
  interpolate(random) {
    const size = [random.int(1, 12), random.int(1, 12)] as const;
    const [mode, antialias] = [random.coin() ? 'bilinear' : 'nearest', random.coin()] as const;
    const rule = { mode, alignCorners: false, antialias: antialias && mode === 'bilinear' };
    return problem(interpolate, { x: floats(random, images(random)) }, { ...rule, size });
  },
  blurPool2d(random) {
    const shape = [random.int(1, 2), random.int(4, 12), random.int(4, 12), random.int(1, 20)];
    const attrs = { filterSize: random.int(2, 5), stride: random.int(1, 3) };
    return problem(blurPool2d, { x: floats(random, shape) }, attrs);
  },
  localResponseNorm: (random) =>
    problem(localResponseNorm, { x: floats(random, rows(random)) }, lrn(random)),
  localResponseNormBackward(random) {
    const shape = rows(random);
    const inputs = { dy: floats(random, shape), x: floats(random, shape) };
    return problem(localResponseNormBackward, inputs, lrn(random));
  },
  fill: (random) => problem(fill, {}, { shape: rows(random), value: 0.3 }),
  multiply(random) {
    const shape = rows(random);
    return problem(multiply, { a: floats(random, shape), b: floats(random, shape) }, {});
  },
  scaleBy: (random) =>
    problem(
      scaleBy,
      { x: floats(random, rows(random)), s: floats(random, [], { dense: true }) },
      {},
    ),
  dot(random) {
    const shape = rows(random);
    return problem(dot, { a: floats(random, shape), b: floats(random, shape) }, {});
  },
  sumPixels: (random) => problem(sumPixels, { x: floats(random, rows(random)) }, {}),
  subsamplePad(random) {
    const attrs = { stride: random.int(1, 3), before: random.int(0, 5), after: random.int(0, 5) };
    return problem(subsamplePad, { x: floats(random, images(random)) }, attrs);
  },
  subsamplePadBackward(random) {
    const [n, height, width, channels] = images(random);
    const attrs = { stride: random.int(1, 3), before: random.int(0, 5), after: random.int(0, 5) };
    const [h, w] = [height, width].map((size) => Math.ceil(size / attrs.stride));
    const dy = [n, h!, w!, attrs.before + channels + attrs.after];
    return problem(
      subsamplePadBackward,
      { dy: floats(random, dy) },
      {
        ...attrs,
        inputSize: [height, width],
      },
    );
  },
  batchNormTrain(random) {
    const [n, ...rest] = images(random);
    return problem(batchNormTrain, normInputs(random, [n + 1, ...rest]), {
      eps: 1e-3,
      momentum: 0.1,
      relu: random.coin(),
    });
  },
  batchNormInference: (random) =>
    problem(batchNormInference, normInputs(random, images(random)), {
      eps: 1e-3,
      relu: random.coin(),
    }),
  batchNormBackward(random) {
    const shape = images(random);
    const mask = (['none', 'y', 'beta'] as const)[random.int(0, 2)]!;
    const residual = random.coin();
    const inputs = {
      dy: floats(random, shape),
      x: floats(random, shape),
      norm: {
        mean: perChannel(random, shape),
        rstd: perChannel(random, shape, 1),
        gamma: perChannel(random, shape, 1),
        beta: mask === 'beta' ? perChannel(random, shape) : undefined,
      },
      y: mask === 'y' ? floats(random, shape) : undefined,
      residual: residual ? floats(random, shape) : undefined,
    };
    return problem(batchNormBackward, inputs, {});
  },
  channelMoments(random) {
    const [n, ...rest] = images(random);
    return problem(channelMoments, { x: floats(random, [n + 1, ...rest], { shift: 0.5 }) }, {});
  },
  batchNormStatistics(random) {
    const moments = [2, random.int(1, 37)];
    const inputs = {
      moments: floats(random, moments, { shift: 1, scale: 0.5 }),
      runningMean: perChannel(random, moments),
      runningVar: perChannel(random, moments, 1),
    };
    const attrs = { pixels: random.int(2, 99), eps: 1e-3, momentum: 0.1 };
    return problem(batchNormStatistics, inputs, attrs);
  },
  rstdOfVariance(random) {
    const channels = [random.int(1, 37)];
    const inputs = {
      gamma: perChannel(random, channels),
      runningVar: perChannel(random, channels, 1),
    };
    return problem(rstdOfVariance, inputs, { eps: 1e-3 });
  },
  foldBatchNorm(random) {
    const w = images(random);
    const bias = random.coin() ? perChannel(random, w) : undefined;
    return problem(foldBatchNorm, { bias, ...runningNorm(random, w) }, { eps: 1e-3 });
  },
  maxPool2d(random) {
    const pool = { ...window(random), dilation: [random.int(1, 2), 1] as const };
    return problem(maxPool2d, { x: floats(random, [2, 9, 8, random.int(1, 19)]) }, pool);
  },
  maxPool2dBackward(random) {
    const pool = window(random);
    const image = images(random);
    const shape = poolShape('maxPool2d', { shape: image, dtype: 'f32' }, pool);
    const index = ints(random, shape, 1);
    const [, height, width, channels] = shape as [number, number, number, number];
    index.values.forEach((_, i) => {
      const pixel = Math.floor(i / channels);
      const [h, w] = [Math.floor(pixel / width) % height, pixel % width].map((o, axis) => {
        const start = o * pool.stride[axis]! - pool.padding[axis === 0 ? 0 : 3];
        const last = Math.min(start + pool.kernelSize[axis]!, image[1 + axis]!) - 1;
        return random.int(Math.max(start, 0), last);
      });
      index.values[i] = h! * image[2] + w!;
    });
    return problem(
      maxPool2dBackward,
      { dy: floats(random, shape), index },
      {
        ...pool,
        inputSize: [image[1], image[2]],
      },
    );
  },
  avgPool2d: (random) =>
    problem(
      avgPool2d,
      { x: floats(random, images(random)) },
      {
        ...window(random),
        countIncludePad: random.coin(),
      },
    ),
  avgPool2dBackward(random) {
    const pool = window(random);
    const image = images(random);
    const shape = poolShape('avgPool2d', { shape: image, dtype: 'f32' }, pool);
    return problem(
      avgPool2dBackward,
      { dy: floats(random, shape) },
      {
        ...pool,
        countIncludePad: random.coin(),
        inputSize: [image[1], image[2]],
      },
    );
  },
  adaptiveAvgPool2d: (random) =>
    problem(
      adaptiveAvgPool2d,
      { x: floats(random, images(random)) },
      {
        outputSize: [random.int(1, 7), random.int(1, 7)],
      },
    ),
  adaptiveAvgPool2dBackward(random) {
    const [n, height, width, channels] = images(random);
    const dy = floats(random, [n, random.int(1, 7), random.int(1, 7), channels]);
    return problem(adaptiveAvgPool2dBackward, { dy }, { inputSize: [height, width] });
  },
  softmax: (random) => problem(softmax, { x: floats(random, rows(random), { scale: 5 }) }, {}),
  softmaxBackward(random) {
    const shape = rows(random);
    return problem(softmaxBackward, { dy: floats(random, shape), y: floats(random, shape) }, {});
  },
  softmaxCrossEntropy(random) {
    const shape = rows(random);
    const logits = floats(random, shape, { scale: 5 });
    const labels = ints(random, [shape[0]!], shape[1]!);
    return problem(softmaxCrossEntropy, { logits, labels }, { labelSmoothing: 0.1 });
  },
  countCorrect(random) {
    const shape = rows(random);
    const logits = floats(random, shape);
    // Few different values make ties, and some are no numbers.
    logits.values.forEach((value, i) => {
      logits.values[i] = value > 0.95 ? NaN : Math.round(2 * value);
    });
    const labels = ints(random, [shape[0]!], shape[1]!);
    return problem(countCorrect, { logits, labels }, {});
  },
  dropout(random) {
    const inputs = { x: floats(random, rows(random)), state: ints(random, [4], 1000) };
    return problem(dropout, inputs, { p: 0.25, stream: random.int(0, 99) });
  },
  randomUniform: (random) =>
    problem(randomUniform, {}, { shape: rows(random), ...stream(random), low: -1, high: 3 }),
  randomNormal: (random) =>
    problem(randomNormal, {}, { shape: rows(random), ...stream(random), mean: 1, std: 2 }),
  sgdUpdate(random) {
    const shape = rows(random);
    const dense = { dense: true };
    const inputs = {
      param: floats(random, shape, dense),
      grad: floats(random, shape),
      buffer: floats(random, shape, dense),
      lr: floats(random, [], dense),
    };
    return problem(sgdUpdate, inputs, {
      momentum: 0.9,
      nesterov: random.coin(),
      weightDecay: 0.01,
    });
  },
  adamwUpdate(random) {
    const shape = rows(random);
    const inputs = {
      param: floats(random, shape, { dense: true }),
      grad: floats(random, shape),
      m: floats(random, shape, { dense: true, scale: 0.5 }),
      v: floats(random, shape, { dense: true, scale: 0.5, shift: 1 }),
      step: floats(random, [], { dense: true, scale: 0, shift: 3 }),
      lr: floats(random, [], { dense: true, scale: 0, shift: 0.1 }),
    };
    return problem(adamwUpdate, inputs, { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.1 });
  },
  sum(random) {
    const { shape, attrs } = reduction(random);
    return problem(sum, { x: dense(random, shape) }, attrs, true);
  },
  mean(random) {
    const { shape, attrs } = reduction(random);
    return problem(mean, { x: dense(random, shape) }, attrs, true);
  },
  max(random) {
    const { shape, attrs } = reduction(random);
    return problem(max, { x: dense(random, shape) }, attrs, true);
  },
  maxBackward(random) {
    const { shape, attrs } = reduction(random);
    const inputs = {
      dy: dense(random, attrs.shape),
      x: dense(random, shape, { ties: true }),
      // Whatever is here is taken for the largest; where nothing is, both divide by 0.
      y: dense(random, attrs.shape, { ties: true }),
    };
    return problem(maxBackward, inputs, attrs, true);
  },
  expandAxes(random) {
    const { shape, attrs } = reduction(random);
    const x = dense(random, attrs.shape);
    return problem(expandAxes, { x }, { shape, axes: attrs.axes, divisor: 3 }, true);
  },
  softmaxAxis(random) {
    const { shape } = reduction(random);
    const attrs = { axis: random.int(0, shape.length - 1), log: random.coin() };
    return problem(softmaxAxis, { x: dense(random, shape, { scale: 5 }) }, attrs, true);
  },
  softmaxAxisBackward(random) {
    const { shape } = reduction(random);
    const attrs = { axis: random.int(0, shape.length - 1), log: random.coin() };
    const inputs = { dy: dense(random, shape), y: dense(random, shape) };
    return problem(softmaxAxisBackward, inputs, attrs, true);
  },
  layerNorm(random) {
    const [rows, channels] = [random.int(1, 99), random.int(2, 90)];
    const inputs = {
      x: dense(random, [rows, channels], { shift: 0.5 }),
      gamma: random.coin() ? dense(random, [channels]) : undefined,
      beta: random.coin() ? dense(random, [channels]) : undefined,
    };
    return problem(layerNorm, inputs, { normalizedShape: [channels], eps: 1e-3 }, true);
  },
  layerNormBackward(random) {
    const [rows, channels] = [random.int(1, 99), random.int(2, 90)];
    const inputs = normGradient(random, [rows, channels], [rows], [channels]);
    return problem(layerNormBackward, inputs, { normalizedShape: [channels] }, true);
  },
  layerNormParameters(random) {
    const [rows, channels] = [random.int(1, 300), random.int(2, 90)];
    const { dy, x, mean, rstd } = normGradient(random, [rows, channels], [rows], [channels]);
    return problem(
      layerNormParameters,
      { dy, x, mean, rstd },
      { normalizedShape: [channels] },
      true,
    );
  },
  groupNorm(random) {
    const [n, height, width] = images(random);
    const groups = random.int(1, 5);
    const channels = groups * random.int(2, 8);
    const inputs = {
      x: floats(random, [n, height, width, channels], { shift: 0.5 }),
      gamma: random.coin() ? dense(random, [channels]) : undefined,
      beta: random.coin() ? dense(random, [channels]) : undefined,
    };
    return problem(groupNorm, inputs, { groups, eps: 1e-3, place: 'groupNorm' });
  },
  groupNormBackward(random) {
    const [n, height, width] = images(random);
    const groups = random.int(1, 5);
    const channels = groups * random.int(2, 8);
    const inputs = normGradient(random, [n, height, width, channels], [n, channels], [channels]);
    return problem(groupNormBackward, inputs, { groups });
  },
  matmul(random) {
    const [matrices, rows, depth, columns] = [2, 1, 1, 1].map((least) =>
      random.int(least, least === 2 ? 5 : 40),
    );
    const a = floats(random, [random.coin() ? matrices! : 1, rows!, depth!]);
    return problem(matmul, { a, b: dense(random, [matrices!, depth!, columns!]) }, {});
  },
};
