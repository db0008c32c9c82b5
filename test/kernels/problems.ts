import { adamwUpdate } from '../../ts/ops/adamwUpdate.ts';
import {
  adaptiveAvgPool2d,
  adaptiveAvgPool2dBackward,
} from '../../ts/ops/pools/adaptiveAvgPool2d.ts';
import { add } from '../../ts/ops/add.ts';
import { avgPool2d, avgPool2dBackward } from '../../ts/ops/pools/avgPool2d.ts';
import {
  batchNormBackward,
  batchNormInference,
  batchNormTrain,
  foldBatchNorm,
} from '../../ts/ops/batchNorm/batchNorm.ts';
import { batchNormStatistics } from '../../ts/ops/batchNorm/batchNormStatistics.ts';
import { channelMoments } from '../../ts/ops/batchNorm/channelMoments.ts';
import { rstdOfVariance } from '../../ts/ops/batchNorm/rstdOfVariance.ts';
import { copy } from '../../ts/ops/copy.ts';
import { countCorrect } from '../../ts/ops/countCorrect.ts';
import { dot, scaleBy } from '../../ts/ops/dot.ts';
import { dropout } from '../../ts/ops/dropout.ts';
import { fill } from '../../ts/ops/fill.ts';
import { maxPool2d, maxPool2dBackward } from '../../ts/ops/pools/maxPool2d.ts';
import { multiply } from '../../ts/ops/multiply.ts';
import type { Op } from '../../ts/ops/op.ts';
import { poolShape, type PoolGeometry } from '../../ts/ops/pools/poolShape.ts';
import { randomNormal } from '../../ts/ops/random/randomNormal.ts';
import { randomUniform } from '../../ts/ops/random/randomUniform.ts';
import { relu, reluBackward } from '../../ts/ops/relu.ts';
import { sgdUpdate } from '../../ts/ops/sgdUpdate.ts';
import { softmax, softmaxBackward } from '../../ts/ops/softmax.ts';
import { softmaxCrossEntropy } from '../../ts/ops/softmaxCrossEntropy.ts';
import { subsamplePad, subsamplePadBackward } from '../../ts/ops/subsamplePad.ts';
import { sumPixels } from '../../ts/ops/sumPixels.ts';
import type { Shape } from '../../ts/base/shape.ts';
import type { Random } from '../helpers/random.ts';
import { floats, ints, type Problem, type Strided } from './lowered.ts';

/** A problem of a kind, drawn at random. */
export type Draw = (random: Random) => Problem;

function problem<A>(op: Op<A>, inputs: readonly Strided[], attrs: A): Problem {
  return { op: op, inputs, attrs };
}

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

function normInputs(random: Random, x: Shape): Strided[] {
  return [0, 1, 0, 0, 1].map((shift, i) =>
    i === 0 ? floats(random, x, { shift: 0.5 }) : perChannel(random, x, shift),
  );
}

const stream = (random: Random) => ({ seed: random.int(0, 9999), stream: random.int(0, 99) });

/** Problems by kind; together they reach each kernel that has a reference of the same arguments. */
export const draws: Readonly<Record<string, Draw>> = {
  relu: (random) => problem(relu, [floats(random, rows(random))], {}),
  reluBackward(random) {
    const shape = rows(random);
    return problem(reluBackward, [floats(random, shape), floats(random, shape)], {});
  },
  add(random) {
    const shape = rows(random);
    const inputs = [floats(random, shape), floats(random, shape)];
    return problem(add, inputs, { relu: random.coin() });
  },
  copy: (random) => problem(copy, [floats(random, rows(random))], {}),
  fill: (random) => problem(fill, [], { shape: rows(random), value: 0.3 }),
  multiply(random) {
    const shape = rows(random);
    return problem(multiply, [floats(random, shape), floats(random, shape)], {});
  },
  scaleBy: (random) =>
    problem(scaleBy, [floats(random, rows(random)), floats(random, [], { dense: true })], {}),
  dot(random) {
    const shape = rows(random);
    return problem(dot, [floats(random, shape), floats(random, shape)], {});
  },
  sumPixels: (random) => problem(sumPixels, [floats(random, rows(random))], {}),
  subsamplePad(random) {
    const attrs = { stride: random.int(1, 3), before: random.int(0, 5), after: random.int(0, 5) };
    return problem(subsamplePad, [floats(random, images(random))], attrs);
  },
  subsamplePadBackward(random) {
    const [n, height, width, channels] = images(random);
    const attrs = { stride: random.int(1, 3), before: random.int(0, 5), after: random.int(0, 5) };
    const [h, w] = [height, width].map((size) => Math.ceil(size / attrs.stride));
    const dy = [n, h!, w!, attrs.before + channels + attrs.after];
    return problem(subsamplePadBackward, [floats(random, dy)], {
      ...attrs,
      inputSize: [height, width],
    });
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
    const inputs = [floats(random, shape), floats(random, shape)];
    for (const shift of [1, 0, 1]) inputs.push(perChannel(random, shape, shift));
    if (mask === 'y') inputs.push(floats(random, shape));
    if (mask === 'beta') inputs.push(perChannel(random, shape, 0));
    if (residual) inputs.push(floats(random, shape));
    return problem(batchNormBackward, inputs, { mask, residual });
  },
  channelMoments(random) {
    const [n, ...rest] = images(random);
    return problem(channelMoments, [floats(random, [n + 1, ...rest], { shift: 0.5 })], {});
  },
  batchNormStatistics(random) {
    const moments = [2, random.int(1, 37)];
    const inputs = [floats(random, moments, { shift: 1, scale: 0.5 })];
    for (const shift of [0, 1]) inputs.push(perChannel(random, moments, shift));
    const attrs = { pixels: random.int(2, 99), eps: 1e-3, momentum: 0.1 };
    return problem(batchNormStatistics, inputs, attrs);
  },
  rstdOfVariance(random) {
    const channels = [random.int(1, 37)];
    const inputs = [0, 1].map((shift) => perChannel(random, channels, shift));
    return problem(rstdOfVariance, inputs, { eps: 1e-3 });
  },
  foldBatchNorm(random) {
    const [height, width, depth, channels] = images(random);
    const w = [height, width, depth, channels];
    const [, ...statistics] = normInputs(random, w);
    return problem(foldBatchNorm, [floats(random, w, { dense: true }), ...statistics], {
      eps: 1e-3,
      bias: false,
    });
  },
  maxPool2d(random) {
    const pool = { ...window(random), dilation: [random.int(1, 2), 1] as const };
    return problem(maxPool2d, [floats(random, [2, 9, 8, random.int(1, 19)])], pool);
  },
  maxPool2dBackward(random) {
    const pool = window(random);
    const image = images(random);
    const shape = poolShape('maxPool2d', image, pool);
    const places = ints(random, shape, 1);
    const [, height, width, channels] = shape as [number, number, number, number];
    places.values.forEach((_, i) => {
      const pixel = Math.floor(i / channels);
      const [h, w] = [Math.floor(pixel / width) % height, pixel % width].map((o, axis) => {
        const start = o * pool.stride[axis]! - pool.padding[axis === 0 ? 0 : 3];
        const last = Math.min(start + pool.kernelSize[axis]!, image[1 + axis]!) - 1;
        return random.int(Math.max(start, 0), last);
      });
      places.values[i] = h! * image[2] + w!;
    });
    return problem(maxPool2dBackward, [floats(random, shape), places], {
      ...pool,
      inputSize: [image[1], image[2]],
    });
  },
  avgPool2d: (random) =>
    problem(avgPool2d, [floats(random, images(random))], {
      ...window(random),
      countIncludePad: random.coin(),
    }),
  avgPool2dBackward(random) {
    const pool = window(random);
    const image = images(random);
    return problem(avgPool2dBackward, [floats(random, poolShape('avgPool2d', image, pool))], {
      ...pool,
      countIncludePad: random.coin(),
      inputSize: [image[1], image[2]],
    });
  },
  adaptiveAvgPool2d: (random) =>
    problem(adaptiveAvgPool2d, [floats(random, images(random))], {
      outputSize: [random.int(1, 7), random.int(1, 7)],
    }),
  adaptiveAvgPool2dBackward(random) {
    const [n, height, width, channels] = images(random);
    const dy = floats(random, [n, random.int(1, 7), random.int(1, 7), channels]);
    return problem(adaptiveAvgPool2dBackward, [dy], { inputSize: [height, width] });
  },
  softmax: (random) => problem(softmax, [floats(random, rows(random), { scale: 5 })], {}),
  softmaxBackward(random) {
    const shape = rows(random);
    return problem(softmaxBackward, [floats(random, shape), floats(random, shape)], {});
  },
  softmaxCrossEntropy(random) {
    const shape = rows(random);
    const logits = floats(random, shape, { scale: 5 });
    const labels = ints(random, [shape[0]!], shape[1]!);
    return problem(softmaxCrossEntropy, [logits, labels], { labelSmoothing: 0.1 });
  },
  countCorrect(random) {
    const shape = rows(random);
    const logits = floats(random, shape);
    // Few different values make ties, and some are no numbers.
    logits.values.forEach((value, i) => {
      logits.values[i] = value > 0.95 ? NaN : Math.round(2 * value);
    });
    return problem(countCorrect, [logits, ints(random, [shape[0]!], shape[1]!)], {});
  },
  dropout(random) {
    const inputs = [floats(random, rows(random)), ints(random, [4], 1000)];
    return problem(dropout, inputs, { p: 0.25, stream: random.int(0, 99) });
  },
  randomUniform: (random) =>
    problem(randomUniform, [], { shape: rows(random), ...stream(random), low: -1, high: 3 }),
  randomNormal: (random) =>
    problem(randomNormal, [], { shape: rows(random), ...stream(random), mean: 1, std: 2 }),
  sgdUpdate(random) {
    const shape = rows(random);
    const dense = { dense: true };
    const inputs = [floats(random, shape, dense), floats(random, shape)];
    inputs.push(floats(random, shape, dense), floats(random, [], dense));
    return problem(sgdUpdate, inputs, {
      momentum: 0.9,
      nesterov: random.coin(),
      weightDecay: 0.01,
    });
  },
  adamwUpdate(random) {
    const shape = rows(random);
    const inputs = [floats(random, shape, { dense: true }), floats(random, shape)];
    for (const shift of [0, 1]) {
      inputs.push(floats(random, shape, { dense: true, scale: 0.5, shift }));
    }
    for (const shift of [3, 0.1]) {
      inputs.push(floats(random, [], { dense: true, scale: 0, shift }));
    }
    return problem(adamwUpdate, inputs, { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.1 });
  },
};
