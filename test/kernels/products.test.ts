import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../ts/kernels/engine.ts';
import type { Step } from '../../ts/kernels/step.ts';
import { conv2d } from '../../ts/ops/conv2d/conv2d.ts';
import { conv2dBackwardInput } from '../../ts/ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from '../../ts/ops/conv2d/conv2dBackwardWeight.ts';
import {
  convShape,
  geometryArgs,
  outputShape,
  type ConvGeometry,
  type ConvShape,
  type Pair,
} from '../../ts/ops/conv2d/geometry.ts';
import { linear, linearBackwardInput, linearBackwardWeight } from '../../ts/ops/linear.ts';
import { at } from '../../ts/ops/args.ts';
import type { Op, View } from '../../ts/ops/op.ts';
import type { Of } from '../../ts/ops/places.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { expectClose } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { Random } from '../helpers/random.ts';
import { floats, problem, runLowered, type Problem, type Strided } from './lowered.ts';
// Brings the depthwise kernels.
import '../../ts/functions/depthwiseConv2d.ts';

const ROUNDS = 24;
/** Largest error beside the largest value of a tensor. */
const TOLERANCE = 3e-6;

const engines = await Promise.all(builds.map((build) => engineOn(build)));
afterAll(() => engines.forEach((engine) => engine.close()));

interface Convolution extends ConvGeometry {
  readonly x: Shape;
  readonly w: Shape;
}

/** Kinds of geometry, so that each algorithm gets its share. */
const kinds = ['any', 'pointwise', '3×3', 'small maps', 'depthwise'] as const;

function draw(random: Random, kind: (typeof kinds)[number]): Convolution {
  const pair = (low: number, high: number): Pair => [random.int(low, high), random.int(low, high)];
  if (kind === '3×3') {
    const [inChannels, outChannels] = [4 * random.int(3, 9), 4 * random.int(3, 9)];
    return {
      x: [random.int(1, 4), random.int(4, 17), random.int(4, 17), inChannels],
      w: [3, 3, inChannels, outChannels],
      stride: [1, 1],
      padding: [random.int(0, 2), random.int(0, 2), random.int(0, 2), random.int(0, 2)],
      dilation: [1, 1],
      groups: 1,
    };
  }
  if (kind === 'small maps') {
    return {
      x: [random.int(8, 11), random.int(1, 4), random.int(1, 4), 128],
      w: [3, 3, 128, 128],
      stride: pair(1, 2),
      padding: [1, 1, 1, 1],
      dilation: [1, 1],
      groups: 1,
    };
  }
  if (kind === 'depthwise') {
    const [side, stride, channels] = [random.int(1, 7), random.int(1, 2), random.int(2, 45)];
    const pad = random.int(0, 3);
    return {
      x: [random.int(1, 4), random.int(side, 30), random.int(side, 30), channels],
      w: [side, side, 1, channels],
      stride: [stride, stride],
      padding: [pad, random.int(0, 3), random.int(0, 3), pad],
      dilation: [1, 1],
      groups: channels,
    };
  }
  const packed = random.coin();
  const groups = !packed && random.int(0, 2) === 0 ? random.int(2, 4) : 1;
  const depth = packed ? 4 * random.int(1, 5) : random.int(1, 18);
  const columns = packed ? 8 * random.int(1, 3) : random.int(1, 20);
  const kernel: Pair = kind === 'pointwise' ? [1, 1] : pair(1, 4);
  const dilation = pair(1, 3);
  const pad = (): number => (kind === 'pointwise' ? 0 : random.int(0, 3));
  const padding = [pad(), pad(), pad(), pad()] as const;
  const least = kernel.map((k, axis) => (k - 1) * dilation[axis]! + 1);
  return {
    x: [random.int(1, 3), ...least.map((size) => random.int(size, size + 9)), groups * depth],
    w: [...kernel, depth, groups * columns],
    stride: pair(1, 3),
    padding,
    dilation,
    groups,
  };
}

/** Every number of a convolution. */
function shapeOf({ x, w, ...geometry }: Convolution): ConvShape {
  return convShape('conv2d', { shape: x, dtype: 'f32' }, [w[0]!, w[1]!], w[3]!, geometry);
}

/** An op's problem, and the same problem by the reference. */
type Twins = readonly [Problem, Problem];

/** An op that computes the same, lowered to one step of a reference kernel. */
function byReference<I, O, A>(
  op: Op<I, O, A>,
  kernel: string,
  args: (inputs: Of<I, View>, outputs: Of<O, View>) => Step['args'],
): Op<I, O, A> {
  return {
    ...op,
    lower(to, inputs, outputs) {
      to.step({ kernel, chunks: 1, args: args(inputs, outputs) });
    },
  };
}

function twins<I, O, A>(
  op: Op<I, O, A>,
  twin: Op<I, O, A>,
  inputs: Of<I, Strided>,
  attrs: A,
): Twins {
  const dense = op.name.endsWith('Weight');
  return [problem(op, inputs, attrs, dense), problem(twin, inputs, attrs, dense)];
}

function forward(random: Random, conv: Convolution): Twins {
  const { x, w, ...geometry } = conv;
  const [bias, residual, relu] = [random.coin(), random.coin(), random.coin()];
  const inputs = {
    x: floats(random, x),
    w: floats(random, w, { dense: true }),
    bias: bias ? floats(random, [w[3]!], { dense: true }) : undefined,
    residual: residual ? floats(random, outputOf(conv)) : undefined,
  };
  const twin = byReference(
    conv2d,
    'conv2d.forward.f32/reference',
    ({ x, w, bias, residual }, { y }) => ({
      ...at('x', x),
      w: w.pointer,
      bias: bias?.pointer ?? null,
      residual: residual?.pointer ?? null,
      residualStride: residual?.stride ?? 0,
      ...at('y', y),
      yColumn: 1,
      yRow: y.shape[2]!,
      yImage: y.shape[1]! * y.shape[2]!,
      ...geometryArgs(shapeOf(conv)),
      relu: Number(relu),
      most: Infinity,
    }),
  );
  return twins(conv2d, twin, inputs, { ...geometry, relu });
}

function backwardInput(random: Random, conv: Convolution): Twins {
  const { x, w, ...geometry } = conv;
  const inputs = {
    dy: floats(random, outputOf(conv)),
    w: floats(random, w, { dense: true }),
  };
  const attrs = { ...geometry, inputSize: [x[1]!, x[2]!] as Pair };
  const twin = byReference(
    conv2dBackwardInput,
    'conv2d.backward_input.f32/reference',
    ({ dy, w }, { dx }) => ({
      ...at('dy', dy),
      w: w.pointer,
      ...at('dx', dx),
      ...geometryArgs(shapeOf(conv)),
    }),
  );
  return twins(conv2dBackwardInput, twin, inputs, attrs);
}

function backwardWeight(random: Random, conv: Convolution): Twins {
  const { x, w, ...geometry } = conv;
  const inputs = { x: floats(random, x), dy: floats(random, outputOf(conv)) };
  const attrs = { ...geometry, kernelSize: [w[0]!, w[1]!] as Pair };
  const twin = byReference(
    conv2dBackwardWeight,
    'conv2d.backward_weight.f32/reference',
    ({ x, dy }, { dw }) => ({
      ...at('x', x),
      ...at('dy', dy),
      dw: dw.pointer,
      ...geometryArgs(shapeOf(conv)),
      partitions: 1,
    }),
  );
  return twins(conv2dBackwardWeight, twin, inputs, attrs);
}

const outputOf = (conv: Convolution): Shape => outputShape(shapeOf(conv));

/** Products of matrices, by the reference. */
const product = byReference(linear, 'gemm.f32/reference', ({ x, w, bias }, { y }) => ({
  ...at('a', x),
  b: w.pointer,
  bias: bias?.pointer ?? null,
  ...at('c', y),
  rows: x.shape[0]!,
  depth: w.shape[0]!,
  columns: w.shape[1]!,
  unitRows: 1,
  unitColumns: 8,
}));

describe.each(engines)('$build', (engine) => {
  const reached = new Set<string>();
  const note = (step: Step): Step => {
    reached.add(step.kernel);
    return step;
  };

  describe.each([false, true])('Winograd allowed: %s', (winograd) => {
    it.each(kinds)('%s convolutions and their gradients equal the reference', (kind) => {
      for (let i = 0; i < ROUNDS; i++) {
        const name = `${kind} ${winograd} ${i}`;
        const conv = draw(new Random(name), kind);
        for (const pass of [forward, backwardInput, backwardWeight]) {
          const pair = pass(new Random(name), conv);
          compare(engine, pair, `${pass.name} ${JSON.stringify(conv)}`, note, winograd);
        }
      }
    });
  });

  it.each(['winograd_2x2', 'winograd_4x4_lean'])(
    '%s and its gradient by the input equal the reference',
    (algorithm) => {
      for (let i = 0; i < ROUNDS; i++) {
        const conv = draw(new Random(`${algorithm} ${i}`), '3×3');
        for (const pass of [forward, backwardInput]) {
          const [fast, reference] = pass(new Random(`${algorithm} ${i}`), conv);
          const pair = [
            { ...fast, attrs: { ...(fast.attrs as object), algorithm } },
            reference,
          ] as const;
          compare(engine, pair, `${pass.name} ${algorithm} ${JSON.stringify(conv)}`, note, true);
        }
      }
    },
  );

  it.each(['winograd_2x2_strided', 'winograd_2x2_strided_lean'])(
    '%s equals the reference',
    (algorithm) => {
      for (let i = 0; i < ROUNDS; i++) {
        const conv = { ...draw(new Random(`strided ${i}`), '3×3'), stride: [2, 2] as Pair };
        const [fast, reference] = forward(new Random(`strided ${i}`), conv);
        const attrs = { ...(fast.attrs as object), algorithm };
        compare(engine, [{ ...fast, attrs }, reference], JSON.stringify(conv), note, true);
      }
    },
  );

  it('explicit im2col equals the reference', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const conv = draw(new Random(`im2col ${i}`), kinds[i % kinds.length]!);
      const [im2col, reference] = forward(new Random(`im2col ${i}`), conv);
      const attrs = { ...(im2col.attrs as object), algorithm: 'im2col' };
      compare(engine, [{ ...im2col, attrs }, reference], JSON.stringify(conv), note, false);
    }
  });

  it('matrix products equal the reference', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const random = new Random(`gemm ${i}`);
      const [rows, depth, columns] = [random.int(1, 90), random.int(1, 70), random.int(1, 40)];
      const bias = random.coin();
      const [x, w, dy] = [
        floats(random, [rows, depth]),
        floats(random, [depth, columns], { dense: true }),
        floats(random, [rows, columns]),
      ];
      const inputs = { x, w, bias: bias ? floats(random, [columns], { dense: true }) : undefined };
      const products: readonly Twins[] = [
        [problem(linear, inputs, {}), problem(product, inputs, {})],
        // Transposes in JavaScript make plain products of the gradients.
        [
          problem(linearBackwardInput, { dy, w }, {}),
          problem(product, { x: dy, w: transposed(w) }, {}),
        ],
        [
          problem(linearBackwardWeight, { x, dy }, {}, true),
          problem(product, { x: transposed(x), w: packed(dy) }, {}, true),
        ],
      ];
      for (const pair of products) {
        compare(engine, pair, `${pair[0].op.name} ${rows}×${depth}×${columns}`, note, false);
      }
    }
  });

  it('reaches every kernel of convolutions and matrix products', () => {
    const all = [...engine.kernels.keys()].filter((name) => /^(conv2d|gemm)\./.test(name));
    // Those with batch norm beside the convolution are in fusedNorm.test.ts.
    const fast = all.filter((name) => !/\/reference$|_(of|to)_norm$/.test(name));
    expect(fast.length).toBeGreaterThan(5);
    expect(fast.filter((name) => !reached.has(name))).toEqual([]);
  });
});

function compare(
  engine: Engine,
  [fast, reference]: Twins,
  what: string,
  note: (step: Step) => Step,
  winograd: boolean,
): void {
  const outputs = 'outputs';
  const [actual] = runLowered(engine, fast, new Random(outputs), note, winograd);
  // How fast kernels cut their work means nothing to a reference.
  const complete = (step: Step): Step => {
    const fields = engine.kernels.get(step.kernel)!.fields.map(({ name }) => name);
    const args = Object.fromEntries(fields.map((name) => [name, step.args[name] ?? tuning(name)]));
    return { ...step, args };
  };
  const [expected] = runLowered(engine, reference, new Random(outputs), complete, winograd);
  expectClose(actual!, expected!, TOLERANCE, what);
}

/** Pointers that may be absent. */
const POINTERS = new Set(['bias', 'residual', 'mean', 'gamma', 'rstd', 'beta']);
/** An argument that a reference is not given: an absent pointer, or a size of units. */
const tuning = (name: string): number | null => (POINTERS.has(name) ? null : 1);

/** The matrix without gaps between its rows. */
function packed({ shape, stride, values, dtype }: Strided): Strided {
  const [rows, columns] = shape as [number, number];
  const dense = Float32Array.from(
    { length: rows * columns },
    (_, i) => values[Math.floor(i / columns) * stride + (i % columns)]!,
  );
  return { shape, dtype, stride: columns, values: dense };
}

function transposed(matrix: Strided): Strided {
  const [rows, columns] = matrix.shape as [number, number];
  const values = Float32Array.from(
    { length: rows * columns },
    (_, i) => matrix.values[(i % rows) * matrix.stride + Math.floor(i / rows)]!,
  );
  return { shape: [columns, rows], dtype: 'f32', stride: rows, values };
}
