import { afterAll, describe, expect, it } from 'vitest';
import type { Step } from '../../ts/kernels/step.ts';
import { batchNormApply, batchNormBackward } from '../../ts/ops/batchNorm/batchNorm.ts';
import { addNormCorrection } from '../../ts/ops/batchNorm/addNormCorrection.ts';
import { conv2d } from '../../ts/ops/conv2d/conv2d.ts';
import { conv2dBackwardInput } from '../../ts/ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardInputThroughNorm } from '../../ts/ops/conv2d/conv2dBackwardInputThroughNorm.ts';
import { conv2dBackwardWeight } from '../../ts/ops/conv2d/conv2dBackwardWeight.ts';
import type { ConvGeometry, Pair, Sides } from '../../ts/ops/conv2d/geometry.ts';
import type { Lowering, Op, View } from '../../ts/ops/op.ts';
import { bytesOf, channelsOf, type Shape } from '../../ts/base/shape.ts';
import { expectClose, expectSameBits } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { Random } from '../helpers/random.ts';
import { floats, runLowered, type Problem, type Strided } from './lowered.ts';

const ROUNDS = 24;
/** Largest error beside the largest value of a tensor. */
const TOLERANCE = 3e-6;
const ALGORITHM = 'winograd_4x4' as const;

const engines = await Promise.all(builds.map((build) => engineOn(build)));
afterAll(() => engines.forEach((engine) => engine.close()));

interface Convolution extends ConvGeometry {
  readonly x: Shape;
  readonly w: Shape;
}

function draw(random: Random, padding: number, side = 3): Convolution {
  const [inChannels, outChannels] = [4 * random.int(1, 9), 4 * random.int(1, 9)];
  const pad = (): number => random.int(0, padding);
  return {
    x: [random.int(1, 4), random.int(4, 17), random.int(4, 17), inChannels],
    w: [side, side, inChannels, outChannels],
    ...{ stride: [1, 1], padding: [pad(), pad(), pad(), pad()] as Sides, dilation: [1, 1] },
    groups: 1,
  };
}

/** Mean, gamma, rstd and beta of x. */
const normOf = (random: Random, x: Shape): Strided[] =>
  [0.2, 1, 1, 0].map((shift) =>
    floats(random, [channelsOf(x)], { dense: true, scale: 0.5, shift }),
  );

const outputOf = ({ x, w, ...geometry }: Convolution): Shape =>
  conv2d.infer(
    [x, w].map((shape) => ({ shape, dtype: 'f32' as const })),
    { ...geometry, bias: false, residual: false, relu: false },
  )[0]!.shape;

const problem = <A>(op: Op<A>, inputs: readonly Strided[], attrs: A): Problem => ({
  ...{ op: op, inputs, attrs },
  denseOutputs: true,
});

/** A tensor that lives while an op runs. */
const temporary = (to: Lowering, shape: Shape): View => ({
  ...{ shape, dtype: 'f32', stride: channelsOf(shape) },
  pointer: to.workspace(bytesOf({ shape, dtype: 'f32' })),
});

/** The op on relu(batchNorm(x)), which is written first: x is its first input, the norm's tensors are its last. */
function separately<A extends { norm?: boolean }>(op: Op<A>): Op<A> {
  return {
    ...op,
    lower(to, inputs, outputs, attrs) {
      const [x, ...others] = inputs;
      const [mean, gamma, rstd, beta] = others.slice(-4);
      const y = temporary(to, x!.shape);
      batchNormApply.lower(to, [x!, gamma!, beta!, mean!, rstd!], [y], { relu: true });
      op.lower(to, [y, ...others.slice(0, -4)], outputs, { ...attrs, norm: false });
    },
  };
}

describe.each(engines)('$build', (engine) => {
  const reached = new Set<string>();
  const note = (step: Step): Step => {
    reached.add(step.kernel);
    return step;
  };
  const run = (item: Problem) => runLowered(engine, item, new Random('outputs'), note, true);

  it.each([
    [ALGORITHM, 3, 2],
    ['pointwise', 1, 0],
  ] as const)('%s of a normalised tensor has the bits of both by themselves', (...kind) => {
    const [algorithm, side, padding] = kind;
    for (let i = 0; i < ROUNDS; i++) {
      const random = new Random(`forward ${i}`);
      const { x, w, ...geometry } = draw(random, padding, side);
      const [bias, residual, relu] = [random.coin(), random.coin(), random.coin()];
      const y = outputOf({ x, w, ...geometry });
      const inputs = [
        floats(random, x, { shift: 0.3 }),
        floats(random, w, { dense: true }),
        ...(bias ? [floats(random, [w[3]!], { dense: true })] : []),
        ...(residual ? [floats(random, y)] : []),
        ...normOf(random, x),
      ];
      const attrs = { ...geometry, bias, residual, relu, norm: true, algorithm };
      const [fused, apart] = [conv2d, separately(conv2d)].map((op) =>
        run(problem(op, inputs, attrs)),
      );
      expectSameBits(fused!, apart!, `${x.join('×')} ${w.join('×')}`);
    }
  });

  it('a weight gradient by a normalised tensor has the bits of both by themselves', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const random = new Random(`weight ${i}`);
      const { x, w, ...geometry } = draw(random, 2);
      const dy = floats(random, outputOf({ x, w, ...geometry }));
      const inputs = [floats(random, x, { shift: 0.3 }), dy, ...normOf(random, x)];
      const attrs = { ...geometry, kernelSize: [3, 3] as Pair, norm: true, algorithm: ALGORITHM };
      const [fused, apart] = [conv2dBackwardWeight, separately(conv2dBackwardWeight)].map((op) =>
        run(problem(op, inputs, attrs)),
      );
      expectSameBits(fused!, apart!, `${x.join('×')} ${w.join('×')}`);
    }
  });

  it('gradients through two batch norms of a tensor, completed once, are those of each', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const random = new Random(`input ${i}`);
      const { x, w, ...geometry } = draw(random, 2);
      const dy = outputOf({ x, w, ...geometry });
      const residual = random.coin();
      const [mean, ...others] = normOf(random, x);
      const inputs = [
        floats(random, x, { shift: 0.3 }),
        mean!,
        ...[0, 1].flatMap(() => [floats(random, dy), floats(random, w, { dense: true })]),
        ...others,
        ...normOf(random, x).slice(1),
        floats(random, x),
      ];
      const attrs = { ...geometry, inputSize: [x[1]!, x[2]!] as Pair, residual };
      const [fused, apart] = [together, apartFrom].map((op) => run(problem(op, inputs, attrs)));
      fused!.forEach((values, index) =>
        expectClose(values, apart![index]!, TOLERANCE, `${i}: output ${index}`),
      );
    }
  });

  it('reaches every kernel that has batch norm beside it', () => {
    const all = [...engine.kernels.keys()].filter((name) => /_(of|to)_norm$/.test(name));
    expect(all.length).toBe(4);
    expect(all.filter((name) => !reached.has(name))).toEqual([]);
  });
});

interface BothAttrs extends ConvGeometry {
  readonly inputSize: Pair;
  readonly residual: boolean;
}

/**
 * dx, and dgamma and dbeta of two batch norms: inputs x, mean, dy and w of two convolutions, gamma, rstd and beta of each,
 * and what is added to dx.
 */
const both = (lower: Op<BothAttrs>['lower']): Op<BothAttrs> => ({
  name: 'both',
  infer([x, , , , , , gamma]) {
    return [x!, gamma!, gamma!, gamma!, gamma!].map(({ shape }) => ({ shape, dtype: 'f32' }));
  },
  lower,
});

const together = both((to, inputs, [dx, ...gradients], { residual, ...geometry }) => {
  const [x, mean, dy1, w1, dy2, w2, gamma1, rstd1, beta1, gamma2, rstd2, beta2, added] =
    inputs as View[];
  const [g1, g2] = [temporary(to, x!.shape), temporary(to, x!.shape)];
  const rows = [3, channelsOf(x!.shape)];
  const [factors1, factors2] = [temporary(to, rows), temporary(to, rows)];
  conv2dBackwardInputThroughNorm.lower(
    to,
    [dy1!, w1!, x!, mean!, gamma1!, rstd1!, beta1!, ...(residual ? [added!] : [])],
    [g1, ...gradients.slice(0, 2), factors1],
    { ...geometry, residual, earlier: false },
  );
  conv2dBackwardInputThroughNorm.lower(
    to,
    [dy2!, w2!, x!, mean!, gamma2!, rstd2!, beta2!, g1, factors1],
    [g2, ...gradients.slice(2), factors2],
    { ...geometry, residual: true, earlier: true },
  );
  addNormCorrection.lower(to, [g2, x!, mean!, factors2], [dx!], {});
});

const apartFrom = both((to, inputs, [dx, ...gradients], { residual, ...geometry }) => {
  const [x, mean, dy1, w1, dy2, w2, gamma1, rstd1, beta1, gamma2, rstd2, beta2, added] =
    inputs as View[];
  const [d1, d2, dx1] = [0, 1, 2].map(() => temporary(to, x!.shape)) as [View, View, View];
  const convolution = { ...geometry, algorithm: ALGORITHM };
  conv2dBackwardInput.lower(to, [dy1!, w1!], [d1], convolution);
  conv2dBackwardInput.lower(to, [dy2!, w2!], [d2], convolution);
  batchNormBackward.lower(
    to,
    [d1, x!, gamma1!, mean!, rstd1!, beta1!, ...(residual ? [added!] : [])],
    [dx1, ...gradients.slice(0, 2)],
    { mask: 'beta', residual },
  );
  batchNormBackward.lower(
    to,
    [d2, x!, gamma2!, mean!, rstd2!, beta2!, dx1],
    [dx!, ...gradients.slice(2)],
    { mask: 'beta', residual: true },
  );
});
