import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { BatchNorm2d, Conv2d, manualSeed, ReLU, Sequential } from '../../ts/nn/index.ts';
import { scope } from '../../ts/core/scope.ts';
import { noGrad } from '../../ts/core/tape.ts';
import { goldenTensor } from '../golden/generator.ts';
import { expectClose, expectSameBits } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(builds.map((build) => engineOn(build, { numerics: 'fast' })));
afterAll(() => engines.forEach((engine) => engine.close()));

const SHAPE = [1, 14, 14, 64];

/** What the end of a deep network is made of: batch norm before a 1×1 convolution, a stride, and many weights for 7×7 pixels. */
function network(): Sequential {
  manualSeed(5);
  const made = new Sequential({
    norm: new BatchNorm2d(64),
    relu: new ReLU(),
    point: new Conv2d(64, 256, { kernelSize: 1, bias: false }),
    strided: new Conv2d(256, 256, { kernelSize: 3, stride: 2, padding: 1, bias: false }),
    deep: new Conv2d(256, 512, { kernelSize: 3, padding: 1, bias: false }),
  });
  made.eval();
  return made;
}

async function compiled(engine: Engine) {
  useEngine(engine);
  const model = network();
  using plan = compile((x) => model.forward(x), [{ shape: SHAPE, dtype: 'f32' }], {
    recording: false,
  });
  const kernels = planRows(plan).flatMap((row) => row.kernels);
  const [values] = await plan.run(goldenTensor('x', SHAPE));
  const eager = scope(() =>
    noGrad(() => model.forward(tensor(goldenTensor('x', SHAPE), SHAPE)).data()),
  );
  return { kernels, values: values!, eager };
}

describe.each(engines)('inference with $build', (engine) => {
  it('takes the kernels for few pixels, strides and pre-activation, near eager results', async () => {
    const { kernels, values, eager } = await compiled(engine);
    expect(kernels).toEqual(
      ['pointwise_of_norm', 'winograd_2x2_strided_lean', 'winograd_4x4_lean'].map(
        (variant) => `conv2d.forward.f32/${variant}`,
      ),
    );
    expectClose(values, eager, 5e-6, 'compiled');
  });
});

it.for(['simd', 'relaxed'])(
  '%s gives the same bits on one thread and two, at both widths',
  async (lanes, { skip }) => {
    const [one, ...others] = engines.filter(({ build }) => build.startsWith(lanes));
    if (!one || others.length === 0) return skip(`not two builds of ${lanes} here`);
    const { values } = await compiled(one);
    for (const engine of others) {
      expectSameBits([(await compiled(engine)).values], [values], engine.build);
    }
  },
);
