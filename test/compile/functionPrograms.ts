import { sizeOf, type Shape } from '../../ts/base/shape.ts';
import { ShapeError } from '../../ts/base/errors.ts';
import { tensor } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { scope } from '../../ts/core/scope.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import * as F from '../../ts/functions/index.ts';
import { Random } from '../helpers/random.ts';

/** A random composition of functions, and its gradients. */
export interface FunctionProgram {
  readonly inputs: readonly { readonly shape: Shape; readonly values: Float32Array }[];
  /** Some of the values on the way, a loss of them, and its gradients by all inputs. */
  run(inputs: readonly Tensor[]): Tensor[];
}

/** Makes one or several tensors of those made so far. */
type Step = (made: readonly Tensor[]) => readonly Tensor[];

/** Elements of a value beyond which a program is only slower. */
const MOST = 1500;

const ALONE: readonly ((x: Tensor) => Tensor)[] = [
  F.relu,
  F.relu6,
  F.silu,
  F.hardSigmoid,
  F.hardSwish,
  F.sigmoid,
  F.tanh,
  F.abs,
  (x) => F.gelu(x),
  (x) => F.gelu(x, { approximate: 'tanh' }),
  (x) => F.clip(x, -0.7, Infinity),
  (x) => F.leakyRelu(x, 0.25),
  (x) => F.elu(x, -0.5),
  (x) => F.exp(F.clip(x, -Infinity, 1)),
  (x) => F.log(F.add(F.abs(x), 0.5)),
  (x) => F.sqrt(F.add(0.5, F.abs(x))),
  (x) => F.pow(x, 2),
  (x) => F.pow(2, F.tanh(x)),
  (x) => F.add(x, -0.3, { relu: true }),
  (x) => F.divide(F.subtract(1, x), 3),
  (x) => F.localResponseNorm(x, { size: 3, alpha: 0.5 }),
  (x) => F.globalMaxPool2d(x),
  (x) => F.pixelShuffle(x, 2),
  (x) => F.interpolate(x, { scale: 1.5, mode: 'bilinear' }),
  (x) => F.instanceNorm(x, { eps: 0.1 }),
  (x) => F.groupNorm(x, 2, { eps: 0.1 }),
  (x) => F.layerNorm(x, x.shape.slice(-2), { eps: 0.1 }),
  (x) => F.reshape(x, [-1, x.shape.at(-1) ?? 1]),
];

const OF_TWO: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => F.add(a, b),
  (a, b) => F.add(a, b, { relu: true }),
  F.subtract,
  F.multiply,
  (a, b) => F.divide(a, F.add(F.abs(b), 0.5)),
  (a, b) => F.pow(F.add(F.abs(a), 0.5), F.tanh(b)),
  F.prelu,
  F.matmul,
  (a, b) => F.layerNorm(a, b.shape, { weight: b, eps: 0.1 }),
];

/** Functions along an axis, with random settings for a tensor of this shape. */
function along(shape: Shape, random: Random): readonly ((x: Tensor) => readonly Tensor[])[] {
  const axis = random.int(0, Math.max(0, shape.length - 1));
  const size = shape[axis] ?? 1;
  const [start, axes] = [random.int(0, size - 1), [...shape.keys()].filter(() => random.coin())];
  const keepDims = random.coin();
  const indices = random.ints(random.int(1, 5), size);
  const padding = shape.map(() => [random.int(0, 2), random.int(0, 2)] as const);
  const order = [...shape.keys()].map((_, index) => (index + axis) % shape.length);
  return [
    (x) => [F.sum(x, { axes, keepDims })],
    (x) => [F.mean(x, { axes, keepDims })],
    (x) => [F.max(x, { axes, keepDims })],
    (x) => [F.softmax(x, { axis })],
    (x) => [F.logSoftmax(x, { axis })],
    (x) => [F.sliceAxis(x, { axis, start })],
    (x) => F.split(x, [start, size - start], axis),
    (x) => [F.concat([x, x], axis)],
    (x) => [F.take(x, indices, axis)],
    (x) => [F.transpose(x, order)],
    (x) => [F.padAxes(x, { padding, value: 1.5 })],
    (x) => [F.padAxes(x, { padding, mode: 'edge' })],
  ];
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[random.int(0, from.length - 1)]!;
}

function randomStep(made: readonly Tensor[], random: Random): Step {
  const last = made.length - 1;
  // Mostly on the last value, so that chains get long.
  const index = random.int(0, 2) === 0 ? random.int(0, last) : last;
  const other = random.int(0, last);
  const kind = random.int(0, 9);
  if (kind < 4) {
    const fn = pick(ALONE, random);
    return (all) => [fn(all[index]!)];
  }
  if (kind < 7) {
    const fn = pick(OF_TWO, random);
    const [a, b] = random.coin() ? [index, other] : [other, index];
    return (all) => [fn(all[a]!, all[b]!)];
  }
  const fn = pick(along(made[index]!.shape, random), random);
  return (all) => fn(all[index]!);
}

const fits = (value: Tensor): boolean =>
  sizeOf(value.shape) <= MOST && value.data().every((element) => Math.abs(element) < 100);

/** What a step makes, if it is right for these shapes and of moderate size. */
function tried(step: Step, made: readonly Tensor[]): readonly Tensor[] | undefined {
  try {
    const results = step(made);
    return results.every(fits) ? results : undefined;
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

/** The program with this name, the same each time. It is built by running it on the current engine. */
export function makeFunctionProgram(name: string): FunctionProgram {
  const random = new Random(name);
  const [n, h, w] = [random.int(1, 3), random.int(1, 5), random.int(1, 5)];
  const c = pick([1, 2, 4, 8], random);
  const shapes = [[n, h, w, c], [c], [n, 1, 1, c], [], [w, c]];
  const inputs = shapes.map((shape) => ({ shape, values: random.floats(sizeOf(shape)) }));
  const steps: Step[] = [];
  const shown = scope(() => {
    const made = inputs.map(({ shape, values }) => tensor(values, shape));
    for (let tries = 0; tries < 80 && steps.length < 14; tries++) {
      const step = randomStep(made, random);
      const results = tried(step, made);
      if (!results) continue;
      steps.push(step);
      made.push(...results);
    }
    const last = made.length - 1;
    return [last, ...made.keys()].filter((index) => index === last || random.int(0, 4) === 0);
  });
  return {
    inputs,
    run(given) {
      for (const input of given) input.requiresGrad = true;
      const made = [...given];
      for (const step of steps) made.push(...step(made));
      const values = shown.map((index) => made[index]!);
      const loss = values.map((value) => F.sum(F.tanh(value))).reduce((a, b) => F.add(a, b));
      return [...values, loss, ...gradients(loss, given)];
    },
  };
}
