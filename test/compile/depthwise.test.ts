import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { planRows } from '../../ts/compile/printPlan.ts';
import { tensor } from '../../ts/core/create.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { useEngine } from '../../ts/core/init.ts';
import { scope } from '../../ts/core/scope.ts';
import { noGrad } from '../../ts/core/tape.ts';
import { add } from '../../ts/functions/add.ts';
import { dot } from '../../ts/functions/dot.ts';
import { relu } from '../../ts/functions/relu.ts';
import { BatchNorm2d, Conv2d, DepthwiseConv2d, manualSeed } from '../../ts/nn/index.ts';
import { goldenTensor } from '../golden/generator.ts';
import { expectClose } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(builds.map((build) => engineOn(build, { numerics: 'fast' })));
afterAll(() => engines.forEach((engine) => engine.close()));

const SHAPE = [1, 14, 14, 24];
const SPECS = [{ shape: SHAPE, dtype: 'f32' }] as const;

describe.each(engines)('depthwise convolution on $build', (engine) => {
  it('takes batch norm, the shortcut and ReLU into its one step in a plan for inference', async () => {
    useEngine(engine);
    manualSeed(1);
    const conv = new DepthwiseConv2d(24, { kernelSize: 5, padding: 2, bias: false });
    const norm = new BatchNorm2d(24);
    norm.eval();
    norm.runningMean.write(goldenTensor('depthwise.mean', [24], 0.1));
    const forward = (x: Parameters<typeof relu>[0]) => relu(add(norm.forward(conv.forward(x)), x));
    using plan = compile(forward, SPECS, { recording: false });
    const rows = planRows(plan);
    expect(rows.flatMap(({ kernels }) => kernels)).toEqual(['conv2d.forward.f32/depthwise']);
    const x = goldenTensor('depthwise.x', SHAPE);
    const [values] = await plan.run(x);
    const eager = scope(() => noGrad(() => forward(tensor(x, SHAPE)).data()));
    expectClose(values!, eager, 2e-6, 'y');
  });

  it('has one step for itself and for each of its gradients', () => {
    useEngine(engine);
    const before = new Conv2d(24, 24, { kernelSize: 1 });
    const conv = new DepthwiseConv2d(24, { kernelSize: 3, stride: 2, padding: 1 });
    using plan = compile((x) => {
      const y = conv.forward(before.forward(x));
      return gradients(dot(y, y), [conv.weight, before.weight]);
    }, SPECS);
    const kernels = planRows(plan).flatMap((row) => row.kernels);
    expect(kernels.filter((name) => name.endsWith('/depthwise')).sort()).toEqual(
      ['backward_input', 'backward_weight', 'forward'].map(
        (pass) => `conv2d.${pass}.f32/depthwise`,
      ),
    );
  });
});
