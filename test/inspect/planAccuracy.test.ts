import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { useEngine } from '../../ts/core/init.ts';
import { formatAccuracy, planAccuracy } from '../../ts/inspect/planAccuracy.ts';
import { models } from '../../ts/models/registry.ts';
import { goldenTensor } from '../golden/generator.ts';
import { builds, engineOn } from '../helpers/engines.ts';

const engines = await Promise.all(
  builds.filter((build) => !build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

describe.each(engines)('planAccuracy on $build', (engine) => {
  // Additions and ReLU in the epilogue; channels of a wider tensor; groups and a stem of stride 2.
  it.each(['resnet20', 'densenet_bc40', 'resnext50_32x4d'])(
    'every convolution of %s is within its bound, and not without error',
    async (name) => {
      useEngine(engine);
      const model = models[name]!({ inChannels: 3, seed: 1 }).eval();
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
});
