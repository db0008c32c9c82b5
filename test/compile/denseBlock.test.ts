import { afterAll, describe, expect, it } from 'vitest';
import { capture, type TensorFunction } from '../../ts/compile/capture.ts';
import { compile } from '../../ts/compile/compile.ts';
import { optimize } from '../../ts/compile/optimize.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { useEngine } from '../../ts/core/init.ts';
import { tensor } from '../../ts/core/create.ts';
import { add } from '../../ts/functions/add.ts';
import { concat } from '../../ts/functions/concat.ts';
import { dot } from '../../ts/functions/dot.ts';
import { relu } from '../../ts/functions/relu.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import {
  BatchNorm2d,
  Conv2d,
  DenseBlock,
  DenseLayer,
  manualSeed,
  Sequential,
} from '../../ts/nn/index.ts';
import { scope } from '../../ts/core/scope.ts';
import { sizeOf } from '../../ts/base/shape.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenTensor } from '../golden/generator.ts';
import { expectClose, expectSameBits } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

type Values = Float32Array | Int32Array;

const LAYERS = 3;
const GROWTH = 12;
const STEM = 16;
const SHAPE = [2, 13, 16, 3];
const SPECS = [{ shape: SHAPE, dtype: 'f32' }] as const;

/** A convolution, a dense block without bottlenecks and a norm: what surrounds a block in DenseNet-40. */
function network(): Sequential {
  manualSeed(4);
  const layers = Array.from({ length: LAYERS }, (_, i) => [
    `layer${i}`,
    new DenseLayer(STEM + GROWTH * i, { growth: GROWTH, bottleneck: 0 }),
  ]);
  const made = new Sequential({
    stem: new Conv2d(3, STEM, { kernelSize: 3, padding: 1, bias: false }),
    block: new DenseBlock(Object.fromEntries(layers) as Record<string, DenseLayer>),
    norm: new BatchNorm2d(STEM + GROWTH * LAYERS),
  });
  for (const [name, parameter] of made.parameters()) {
    if (name.includes('norm')) parameter.write(goldenTensor(name, parameter.shape, 0.5, 1));
  }
  return made.train();
}

/** The loss and its gradients by all parameters. */
const step = (model: Sequential) => (x: Tensor) => {
  const y = relu(model.forward(x));
  const weights = tensor(goldenTensor('dy', y.shape), y.shape);
  const loss = dot(y, weights);
  return [loss, ...gradients(loss, [...model.parameters().values()])];
};

const opsOf = (model: Sequential, fast: boolean): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { op } of optimize(capture(step(model), SPECS), fast).nodes) {
    counts[op.name] = (counts[op.name] ?? 0) + 1;
  }
  return counts;
};

async function compiled(engine: Engine): Promise<{ values: Float32Array[]; peakBytes: number }> {
  useEngine(engine);
  const model = network();
  using plan = compile(step(model), SPECS);
  const outputs = await plan.run(goldenTensor('x', SHAPE));
  const statistics = [...model.buffers().values()].map((buffer) => buffer.data());
  model.dispose();
  return { values: [...outputs, ...statistics] as Float32Array[], peakBytes: plan.peakBytes };
}

function eager(engine: Engine): Float32Array[] {
  useEngine(engine);
  const model = network();
  const outputs = scope(() =>
    step(model)(tensor(goldenTensor('x', SHAPE), SHAPE)).map((value) => value.data()),
  );
  const statistics = [...model.buffers().values()].map((buffer) => buffer.data());
  model.dispose();
  return [...outputs, ...statistics] as Float32Array[];
}

describe('a dense block in training', () => {
  it('normalises while it reads, and completes the gradient of a channel once', () => {
    useEngine(engines[0]!);
    const model = network();
    const [strict, fast] = [opsOf(model, false), opsOf(model, true)];
    model.dispose();
    expect(strict).toMatchObject({ channelMoments: LAYERS + 1, batchNormApply: LAYERS + 1 });
    expect(strict).toMatchObject({ batchNormBackward: LAYERS + 1 });
    // The stem's result and what each layer adds, the last of which has one reader, whose gradient is complete.
    expect(fast).toMatchObject({ channelMoments: LAYERS + 1, addNormCorrection: LAYERS });
    // The last norm has no convolution that could take it.
    expect(fast).toMatchObject({ batchNormApply: 1, batchNormBackward: 1 });
    expect(fast).toMatchObject({
      conv2dBackwardInputThroughNorm: LAYERS,
      batchNormStatistics: LAYERS + 1,
    });
    expect(fast).not.toHaveProperty('batchNormTrain');
  });

  it.each(engines)('gives what eager code gives on $build', async (engine) => {
    const { values } = await compiled(engine);
    const expected = eager(engine);
    if (engine.numerics === 'strict') return expectSameBits(values, expected, 'strict');
    values.forEach((actual, index) =>
      expectClose(actual, expected[index]!, 2e-5, `tensor ${index}`, 1e-3),
    );
  });

  it('gives the same bits on one thread and two, at both widths', async ({ skip }) => {
    const fast = engines.filter(({ numerics }) => numerics === 'fast');
    if (fast.length === 0) return skip('no relaxed SIMD here');
    const one = await engineOn('relaxed');
    const { values } = await compiled(one);
    one.close();
    for (const engine of fast) {
      expectSameBits((await compiled(engine)).values, values, engine.build);
    }
  });

  it('takes less memory where nothing normalised is kept', async ({ skip }) => {
    const [strict, fast] = ['strict', 'fast'].map((numerics) =>
      engines.find((engine) => engine.numerics === numerics),
    );
    if (!strict || !fast) return skip('no relaxed SIMD here');
    const features = 4 * sizeOf(SHAPE.slice(0, 3));
    const normalised = features * (LAYERS * STEM + GROWTH * ((LAYERS * (LAYERS - 1)) / 2));
    const saved = (await compiled(strict)).peakBytes - (await compiled(fast)).peakBytes;
    expect(saved).toBeGreaterThan(normalised / 2);
  });
});

describe('blocks whose gradients meet in a sum', () => {
  /**
   * Convolutions z and w, a layer on z and one on z + w, all joined in the end: what the sum passes back to z is what
   * the second layer's norm gives, whose input is not the z that the first layer's norm reads.
   */
  function crossing(): { model: Sequential; forward: (x: Tensor) => Tensor } {
    manualSeed(5);
    const conv = (): Conv2d => new Conv2d(3, STEM, { kernelSize: 3, padding: 1, bias: false });
    const layer = (): DenseLayer => new DenseLayer(STEM, { growth: GROWTH, bottleneck: 0 });
    const [left, right, first, second] = [conv(), conv(), layer(), layer()];
    const norm = new BatchNorm2d(3 * STEM + 2 * GROWTH);
    const model = new Sequential({ left, right, first, second, norm }).train();
    for (const [name, parameter] of model.parameters()) {
      if (name.includes('norm')) parameter.write(goldenTensor(name, parameter.shape, 0.5, 1));
    }
    const forward = (x: Tensor): Tensor => {
      const [z, w] = [left.forward(x), right.forward(x)];
      const before = concat([z, w]);
      const features = first.forward(z);
      const sum = add(z, w);
      return norm.forward(concat([sum, second.forward(sum), features, before]));
    };
    return { model, forward };
  }

  it.each(engines)('are what eager code gives on $build', async (engine) => {
    useEngine(engine);
    const results = async (run: (step: TensorFunction) => Promise<Values[]>): Promise<Values[]> => {
      const { model, forward } = crossing();
      const values = await run((x) => {
        const y = relu(forward(x));
        const loss = dot(y, tensor(goldenTensor('dy', y.shape), y.shape));
        return [loss, ...gradients(loss, [...model.parameters().values()])];
      });
      model.dispose();
      return values;
    };
    const x = goldenTensor('x', SHAPE);
    const actual = await results(async (fn) => {
      using plan = compile(fn, SPECS);
      const fused = planRows(plan).filter(({ op }) => op === 'conv2dBackwardInputThroughNorm');
      expect(fused).toHaveLength(engine.numerics === 'fast' ? 2 : 0);
      return plan.run(x);
    });
    const expected = await results((fn) =>
      Promise.resolve(scope(() => [fn(tensor(x, SHAPE))].flat().map((value) => value.data()))),
    );
    if (engine.numerics === 'strict') return expectSameBits(actual, expected, 'strict');
    actual.forEach((values, i) => expectClose(values, expected[i]!, 2e-5, `tensor ${i}`, 1e-3));
  });
});
