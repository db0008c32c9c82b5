import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { apply } from '../../../ts/core/apply.ts';
import { compile } from '../../../ts/compile/compile.ts';
import { init } from '../../../ts/core/init.ts';
import { crossEntropy } from '../../../ts/functions/crossEntropy.ts';
import { loadWeightsFile } from '../../../ts/io/node/weightsFile.ts';
import { withoutInitialWeights } from '../../../ts/nn/initialize.ts';
import { guardFinite } from '../../../ts/ops/guardFinite.ts';
import { SGD } from '../../../ts/optim/sgd.ts';
import { gradients } from '../../../ts/core/gradients.ts';
import { createModel } from '../network/createModel.ts';
import type { Runtime } from './runtime.ts';

/** This project: the compiled forward pass, or the compiled training step. */
export const residua: Runtime = async (job, { shape, images, labels }) => {
  const { threads, numerics, files, simd: asked } = job;
  const phases: Record<string, number> = { node: performance.nodeTiming.bootstrapComplete };
  let last = phases['node']!;
  const done = (phase: string): void => {
    phases[phase] = performance.now() - last;
    last += phases[phase];
  };
  done('code and image');
  const engine = await init({ threads, numerics, ...(asked !== undefined && { simd: asked }) });
  const { simd } = engine;
  done('engine');
  const model = withoutInitialWeights(() => createModel(job));
  await loadWeightsFile(model, join(files, 'weights.safetensors'));
  done('network and file');
  const facts = `build ${engine.build}, ${numerics}`;
  const input = { shape, dtype: 'f32' } as const;
  if (job.pass === 'infer') {
    model.eval();
    const plan = compile((x) => model.forward(x), [input], { recording: false });
    done('compile');
    return { facts, simd, phases, run: async () => (await plan.run(images))[0] as Float32Array };
  }
  model.train();
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const weights = [...optimizer.parameters.values()];
  const plan = compile(
    (x, classes) => {
      const loss = crossEntropy(model.forward(x), classes);
      apply(guardFinite, { x: loss }, {});
      optimizer.step(gradients(loss, weights));
      return loss;
    },
    [input, { shape: [shape[0]!], dtype: 'i32' }],
  );
  return { facts, simd, run: async () => (await plan.run(images, labels))[0]![0]! };
};
