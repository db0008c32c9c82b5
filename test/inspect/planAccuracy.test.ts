import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { relu6, silu } from '../../ts/functions/index.ts';
import { formatAccuracy, planAccuracy } from '../../ts/inspect/planAccuracy.ts';
import { loadWeights } from '../../ts/io/weights/load.ts';
import { saveWeights } from '../../ts/io/weights/save.ts';
import { allModels } from '../../ts/models/allModels.ts';
import { BatchNorm2d, Conv2d, type Module } from '../../ts/nn/index.ts';
import { goldenTensor } from '../golden/generator.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(
  builds.filter((build) => !build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

/** Gives every batch norm a scale that differs from channel to channel. */
function scaleNorms(model: Module): void {
  for (const [path, module] of model.modules()) {
    if (!(module instanceof BatchNorm2d)) continue;
    const values = goldenTensor(path, module.runningVar.shape);
    module.runningVar.write(values.map((value) => 1 + 0.5 * value));
  }
}

describe.each(engines)('planAccuracy on $build', (engine) => {
  // Additions and ReLU in the epilogue; channels of a wider tensor; groups and a stem of stride 2; depthwise, and a ReLU6 behind.
  it.each(['resnet20', 'densenet_bc40', 'resnext50_32x4d', 'mobilenet_v2'])(
    'every convolution of %s is within its bound, and not without error',
    async (name) => {
      useEngine(engine);
      const model = allModels[name]!({ inChannels: 3, seed: 1 }).eval();
      // As a file has them: transposed, and scaled by batch norm as they are packed.
      scaleNorms(model);
      loadWeights(model, saveWeights(model).tensors);
      const shape = [2, 32, 32, 3];
      const spec = { shape, dtype: 'f32' } as const;
      const plan = compile((x) => model.forward(x), [spec], { recording: false });
      const image = new Float32Array(goldenTensor('image', shape));
      const rows = await planAccuracy(plan, [image]);
      const convolutions = plan.lowered.main.filter(({ node }) => node.op.name === 'conv2d');
      expect(rows.length).toBe(convolutions.length);
      for (const { path, error, bound } of rows) {
        expect(error, path).toBeGreaterThan(0);
        expect(error, path).toBeLessThan(bound);
      }
      expect(formatAccuracy(rows).split('\n').length).toBe(rows.length + 3);
      plan.dispose();
      model.dispose();
    },
  );

  it.each([
    ['a step of its own', [32, 2, 2, 256], 2],
    ['what the convolution applies', [2, 9, 9, 256], 1],
  ])('of a convolution, and not of %s that follows', async (_, shape, count) => {
    useEngine(engine);
    const conv = new Conv2d(256, 64, { kernelSize: 3, stride: 2, padding: 1 });
    const forward = (x: Tensor): Tensor =>
      count === 1 ? relu6(conv.forward(x)) : silu(conv.forward(x));
    const plan = compile(forward, [{ shape, dtype: 'f32' }], { recording: false });
    expect(plan.lowered.main.flatMap(({ steps }) => steps)).toHaveLength(count);
    const [row, more] = await planAccuracy(plan, [
      new Float32Array(goldenTensor('image', shape, 9)),
    ]);
    expect(more).toBeUndefined();
    expect(row!.kernel).toMatch(/^conv2d\.forward\./);
    expect(row!.error).toBeGreaterThan(0);
    expect(row!.error).toBeLessThan(row!.bound);
    plan.dispose();
    conv.dispose();
  });
});
