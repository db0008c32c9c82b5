import { apply } from '../../ts/core/apply.ts';
import { parameter, state } from '../../ts/core/create.ts';
import { add } from '../../ts/functions/add.ts';
import { avgPool2d } from '../../ts/functions/avgPool2d.ts';
import { batchNorm } from '../../ts/functions/batchNorm.ts';
import { concat } from '../../ts/functions/concat.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { dot } from '../../ts/functions/dot.ts';
import { dropout } from '../../ts/functions/dropout.ts';
import { globalAvgPool2d } from '../../ts/functions/globalAvgPool2d.ts';
import { linear } from '../../ts/functions/linear.ts';
import { maxPool2d } from '../../ts/functions/maxPool2d.ts';
import { multiply } from '../../ts/functions/multiply.ts';
import { relu } from '../../ts/functions/relu.ts';
import { reshape } from '../../ts/functions/reshape.ts';
import { sliceChannels } from '../../ts/functions/sliceChannels.ts';
import { softmax } from '../../ts/functions/softmax.ts';
import { subsamplePad } from '../../ts/functions/subsamplePad.ts';
import { nextRandomStep } from '../../ts/ops/random/nextRandomStep.ts';
import { sgdUpdate } from '../../ts/ops/sgdUpdate.ts';
import { sameShape, sizeOf, type Shape } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { Random } from '../helpers/random.ts';

/** A random network with weights of its own, and a step that trains it. */
export interface Program {
  readonly input: Shape;
  /** Weights, momenta, running statistics and random state, in the order in which they were made. */
  readonly states: readonly Tensor[];
  /** Forward, backward and update; returns the loss, some values on the way and some gradients. */
  step(x: Tensor): Tensor[];
}

/** One way to make a tensor `[N, H, W, C]` from those made so far. */
type Layer = (made: readonly Tensor[]) => Tensor;

class Builder {
  readonly random: Random;
  readonly states: Tensor[] = [];
  readonly weights: Tensor[] = [];
  /** Shapes of what the layers so far make, the input first. */
  readonly shapes: Shape[] = [];
  readonly layers: Layer[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  weight(shape: Shape, scale = 0.5, shift = 0): Tensor {
    const made = parameter(shape);
    made.write(this.random.floats(sizeOf(shape), scale, shift));
    this.states.push(made);
    this.weights.push(made);
    return made;
  }

  statistic(shape: Shape, values: ArrayLike<number>, dtype?: 'i32'): Tensor {
    const made = state(shape, dtype);
    made.write(values);
    this.states.push(made);
    return made;
  }

  /** Appends a random layer on the value at `index`. */
  append(index: number): void {
    const { random } = this;
    const shape = this.shapes[index] as [number, number, number, number];
    const [n, height, width, channels] = shape;
    const push = (result: Shape, layer: Layer): void => {
      this.shapes.push(result);
      this.layers.push(layer);
    };
    const x = (made: readonly Tensor[]): Tensor => made[index]!;
    const twins = this.shapes.flatMap((other, i) => (sameShape(other, shape) ? [i] : []));
    const twin = twins[random.int(0, twins.length - 1)]!;
    const kind = random.int(0, 11);
    if (kind <= 2) {
      const [outChannels, side] = [random.int(1, 9), random.coin() ? 3 : 1];
      const weight = this.weight([side, side, channels, outChannels]);
      const bias = random.coin() ? this.weight([outChannels]) : undefined;
      const options = { bias, padding: (side - 1) / 2 };
      push([n, height, width, outChannels], (made) => conv2d(x(made), weight, options));
    } else if (kind <= 4) {
      const [weight, bias] = [this.weight([channels], 0.5, 1), this.weight([channels])];
      const runningMean = this.statistic([channels], random.floats(channels));
      const runningVar = this.statistic([channels], random.floats(channels, 0.5, 1));
      const options = { weight, bias, runningMean, runningVar, training: true };
      push(shape, (made) => batchNorm(x(made), options));
    } else if (kind === 5) {
      push(shape, (made) => relu(x(made)));
    } else if (kind === 6) {
      push(shape, (made) => add(x(made), made[twin]!));
    } else if (kind === 7) {
      push(shape, (made) => multiply(x(made), made[twin]!));
    } else if (kind === 8) {
      const joined = this.shapes.flatMap((other, i) =>
        sameShape(other.slice(0, 3), shape.slice(0, 3)) && random.coin() ? [i] : [],
      );
      const all = [index, ...joined];
      const sum = all.reduce((total, i) => total + this.shapes[i]!.at(-1)!, 0);
      if (sum > 24) return;
      push([n, height, width, sum], (made) => concat(all.map((i) => made[i]!)));
    } else if (kind === 9) {
      const start = random.int(0, channels - 1);
      const count = random.int(1, channels - start);
      push([n, height, width, count], (made) => sliceChannels(x(made), start, start + count));
    } else if (kind === 10 && Math.min(height, width) > 3) {
      const halves = [n, Math.floor(height / 2), Math.floor(width / 2), channels];
      const pool = random.coin() ? maxPool2d : avgPool2d;
      push(halves, (made) => pool(x(made), { kernelSize: 2 }));
    } else if (kind === 11) {
      const seed = this.statistic([4], [random.int(0, 1000), 0, 0, 0], 'i32');
      push(shape, (made) => {
        const y = dropout(x(made), { p: 0.3, state: seed });
        apply(nextRandomStep, { state: seed }, {});
        return y;
      });
    } else {
      const before = random.int(0, 2);
      push([n, Math.ceil(height / 2), Math.ceil(width / 2), channels + before], (made) =>
        subsamplePad(x(made), { stride: 2, before }),
      );
    }
  }
}

/** The program with this name: the same layers and weights each time, on the current engine. */
export function makeProgram(name: string): Program {
  const random = new Random(name);
  const builder = new Builder(random);
  const input = [random.int(1, 3) + 1, random.int(3, 9), random.int(3, 9), random.int(1, 6)];
  builder.shapes.push(input);
  const count = random.int(3, 14);
  while (builder.layers.length < count) {
    // Mostly on the last value, so that nets get deep.
    const last = builder.shapes.length - 1;
    builder.append(random.int(0, 2) === 0 ? random.int(0, last) : last);
  }
  const [n, height, width, channels] = builder.shapes.at(-1) as [number, number, number, number];
  const flat = random.coin() ? channels : height * width * channels;
  const fc = builder.weight([flat, 3]);
  const target = builder.statistic([n, 3], random.floats(n * 3));
  const momenta = builder.weights.map((weight) =>
    builder.statistic(weight.shape, new Float32Array(sizeOf(weight.shape))),
  );
  const lr = builder.statistic([], [0.05]);
  const shown = builder.layers.flatMap((_, i) => (random.int(0, 4) === 0 ? [i + 1] : []));
  const shownGradients = builder.weights.flatMap((_, i) => (random.coin() ? [i] : []));
  return {
    input,
    states: builder.states,
    step(x) {
      const made = [x];
      for (const layer of builder.layers) made.push(layer(made));
      const last = made.at(-1)!;
      const features = flat === channels ? globalAvgPool2d(last) : reshape(last, [n, flat]);
      const loss = dot(softmax(linear(features, fc)), target);
      const found = gradients(loss, builder.weights);
      builder.weights.forEach((weight, i) => {
        const attrs = { momentum: 0.9, nesterov: false, weightDecay: 0.01 };
        const inputs = { param: weight, grad: found[i]!, buffer: momenta[i]!, lr };
        apply(sgdUpdate, inputs, attrs);
      });
      return [loss, ...shown.map((i) => made[i]!), ...shownGradients.map((i) => found[i]!)];
    },
  };
}
