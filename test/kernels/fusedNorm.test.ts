import { afterAll, describe, expect, it } from 'vitest';
import type { Step } from '../../ts/kernels/step.ts';
import { batchNormApply } from '../../ts/ops/batchNorm/batchNormApply.ts';
import { batchNormBackward } from '../../ts/ops/batchNorm/batchNormBackward.ts';
import type { Norm } from '../../ts/ops/batchNorm/norm.ts';
import { addNormCorrection } from '../../ts/ops/batchNorm/addNormCorrection.ts';
import { conv2d } from '../../ts/ops/conv2d/conv2d.ts';
import {
  conv2dBackwardInput,
  type Conv2dBackwardInputAttrs,
} from '../../ts/ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardInputThroughNorm } from '../../ts/ops/conv2d/conv2dBackwardInputThroughNorm.ts';
import { conv2dBackwardWeight } from '../../ts/ops/conv2d/conv2dBackwardWeight.ts';
import type { ConvGeometry, Pair } from '../../ts/ops/conv2d/geometry.ts';
import type { AnyOp, Lowering, Op, View } from '../../ts/ops/op.ts';
import type { Of, One, Tree } from '../../ts/ops/places.ts';
import { bytesOf, channelsOf, type Shape, type Spec } from '../../ts/base/shape.ts';
import { expectClose, expectSameBits } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { Random } from '../helpers/random.ts';
import { floats, problem, runLowered, type Problem, type Strided } from './lowered.ts';

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
    stride: [1, 1],
    padding: [pad(), pad(), pad(), pad()],
    dilation: [1, 1],
    groups: 1,
  };
}

const normOf = (random: Random, x: Shape): Of<Norm, Strided> => {
  const draw = (shift: number): Strided =>
    floats(random, [channelsOf(x)], { dense: true, scale: 0.5, shift });
  return { mean: draw(0.2), rstd: draw(1), gamma: draw(1), beta: draw(0) };
};

const outputOf = ({ x, w, ...geometry }: Convolution): Shape => {
  const inputs = { x: { shape: x, dtype: 'f32' }, w: { shape: w, dtype: 'f32' } } as const;
  return conv2d.infer(inputs, { ...geometry, relu: false }).y.shape;
};

/** A tensor that lives while an op runs. */
const temporary = (to: Lowering, shape: Shape): View => ({
  shape,
  dtype: 'f32',
  stride: channelsOf(shape),
  pointer: to.workspace(bytesOf({ shape, dtype: 'f32' })),
});

/** The op on relu(batchNorm(x)), which is written first. */
function separately<I extends { x: One; norm?: Norm }, O, A>(op: Op<I, O, A>): Op<I, O, A> {
  const lower = (op as AnyOp).lower;
  return {
    ...op,
    lower(to, inputs, outputs, attrs) {
      const { x, norm } = inputs as Of<{ x: One; norm: Norm }, View>;
      const y = temporary(to, x.shape);
      batchNormApply.lower(to, { x, norm }, { y }, { relu: true });
      const others = { ...inputs, x: y, norm: undefined } as unknown as Tree<View>;
      lower(to, others, outputs as Tree<View>, attrs);
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
      const inputs = {
        x: floats(random, x, { shift: 0.3 }),
        w: floats(random, w, { dense: true }),
        bias: bias ? floats(random, [w[3]!], { dense: true }) : undefined,
        residual: residual ? floats(random, y) : undefined,
        norm: normOf(random, x),
      };
      const [fused, apart] = [conv2d, separately(conv2d)].map((op) =>
        run(problem(op, inputs, { ...geometry, relu, algorithm }, true)),
      );
      expectSameBits(fused!, apart!, `${x.join('×')} ${w.join('×')}`);
    }
  });

  it('a weight gradient by a normalised tensor has the bits of both by themselves', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const random = new Random(`weight ${i}`);
      const { x, w, ...geometry } = draw(random, 2);
      const dy = floats(random, outputOf({ x, w, ...geometry }));
      const inputs = { x: floats(random, x, { shift: 0.3 }), dy, norm: normOf(random, x) };
      const attrs = { ...geometry, kernelSize: [3, 3] as Pair, algorithm: ALGORITHM };
      const [fused, apart] = [conv2dBackwardWeight, separately(conv2dBackwardWeight)].map((op) =>
        run(problem(op, inputs, attrs, true)),
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
      const norm = normOf(random, x);
      const inputs = {
        x: floats(random, x, { shift: 0.3 }),
        dy1: floats(random, dy),
        w1: floats(random, w, { dense: true }),
        norm1: norm,
        dy2: floats(random, dy),
        w2: floats(random, w, { dense: true }),
        norm2: { ...normOf(random, x), mean: norm.mean },
        residual: residual ? floats(random, x) : undefined,
      };
      const attrs = { ...geometry, inputSize: [x[1]!, x[2]!] as Pair };
      const [fused, apart] = [together, apartFrom].map((op) =>
        run(problem(op, inputs, attrs, true)),
      );
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

interface BothInputs {
  x: One;
  dy1: One;
  w1: One;
  norm1: Norm;
  dy2: One;
  w2: One;
  norm2: Norm;
  residual?: One;
}

interface BothOutputs {
  dx: One;
  dgamma1: One;
  dbeta1: One;
  dgamma2: One;
  dbeta2: One;
}

type Both = Op<BothInputs, BothOutputs, Conv2dBackwardInputAttrs>;

/** dx, and dgamma and dbeta of two batch norms of x, each before a convolution. */
const both = (lower: Both['lower']): Both => ({
  name: 'both',
  infer({ x, norm1 }) {
    const spec = ({ shape }: Spec): Spec => ({ shape, dtype: 'f32' });
    const perChannel = spec(norm1.gamma);
    return {
      dx: spec(x),
      dgamma1: perChannel,
      dbeta1: perChannel,
      dgamma2: perChannel,
      dbeta2: perChannel,
    };
  },
  lower,
});

const together = both((to, { x, dy1, w1, norm1, dy2, w2, norm2, residual }, outputs, attrs) => {
  const rows = [3, channelsOf(x.shape)];
  const [g1, g2] = [temporary(to, x.shape), temporary(to, x.shape)];
  const [factors1, factors2] = [temporary(to, rows), temporary(to, rows)];
  conv2dBackwardInputThroughNorm.lower(
    to,
    { dy: dy1, w: w1, x, norm: norm1, residual },
    { g: g1, dgamma: outputs.dgamma1, dbeta: outputs.dbeta1, factors: factors1 },
    attrs,
  );
  conv2dBackwardInputThroughNorm.lower(
    to,
    { dy: dy2, w: w2, x, norm: norm2, residual: g1, residualFactors: factors1 },
    { g: g2, dgamma: outputs.dgamma2, dbeta: outputs.dbeta2, factors: factors2 },
    attrs,
  );
  const { mean } = norm1;
  addNormCorrection.lower(to, { g: g2, x, mean, factors: factors2 }, { dx: outputs.dx }, {});
});

const apartFrom = both((to, { x, dy1, w1, norm1, dy2, w2, norm2, residual }, outputs, attrs) => {
  const [d1, d2] = [temporary(to, x.shape), temporary(to, x.shape)];
  const dx1 = temporary(to, x.shape);
  const convolution = { ...attrs, algorithm: ALGORITHM };
  conv2dBackwardInput.lower(to, { dy: dy1, w: w1 }, { dx: d1 }, convolution);
  conv2dBackwardInput.lower(to, { dy: dy2, w: w2 }, { dx: d2 }, convolution);
  batchNormBackward.lower(
    to,
    { dy: d1, x, norm: norm1, residual },
    { dx: dx1, dgamma: outputs.dgamma1, dbeta: outputs.dbeta1 },
    {},
  );
  batchNormBackward.lower(
    to,
    { dy: d2, x, norm: norm2, residual: dx1 },
    { dx: outputs.dx, dgamma: outputs.dgamma2, dbeta: outputs.dbeta2 },
    {},
  );
});
