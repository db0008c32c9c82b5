import { afterAll, describe, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { scope } from '../../ts/core/scope.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { collectGarbage } from '../helpers/collectGarbage.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

const engines = await Promise.all(
  builds.filter((build) => build.startsWith('simd')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

/** Bytes by which the JS heap may differ after garbage collection: compiled code and counters of the runtime. */
const SLACK = 1_000_000;
const batch = goldenImages('growth', [8, 1, 12, 12]);

describe.each(engines)('$build: memory after 200 steps is that after 10:', (engine) => {
  /** Runs steps 1 to 200 and compares what is in use after the 10th and the last. */
  async function compare(step: () => unknown, steps = 200): Promise<void> {
    const measure = async (): Promise<{ wasm: number; used: number; heap: number }> => {
      await collectGarbage();
      const heap = process.memoryUsage().heapUsed;
      return { wasm: engine.memoryBytes, used: engine.usedBytes, heap };
    };
    for (let i = 0; i < 10; i++) await step();
    const early = await measure();
    for (let i = 10; i < steps; i++) await step();
    const late = await measure();
    expect(late.wasm).toBe(early.wasm);
    expect(late.used).toBe(early.used);
    expect(late.heap - early.heap).toBeLessThan(SLACK);
  }

  it('compiled training', async () => {
    useEngine(engine);
    const model = resnet8({ inChannels: 1 });
    const trainer = new Trainer(model, {
      optimizer: new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
      gradientNorms: true,
    });
    await compare(() => trainer.trainStep(batch));
    trainer.dispose();
    trainer.optimizer.dispose();
    model.dispose();
  });

  it('compiled inference while weights change', async () => {
    useEngine(engine);
    const model = resnet8({ inChannels: 1 });
    const predictor = new Predictor(model);
    const weight = [...model.parameters().values()][0]!;
    const values = weight.data();
    await compare(async () => {
      weight.write(values);
      await predictor.logits(batch.images, batch.shape);
    });
    predictor.dispose();
    model.dispose();
  });

  it('eager training in a scope', async () => {
    useEngine(engine);
    const model = resnet8({ inChannels: 1 });
    const weights = [...model.parameters().values()];
    const optimizer = new SGD(weights, { lr: 0.01, momentum: 0.9 });
    await compare(() =>
      scope(() => {
        const logits = model.forward(tensor(batch.images, batch.shape));
        const loss = crossEntropy(logits, tensor(batch.labels, [8], 'i32'));
        optimizer.step(gradients(loss, weights));
        return loss.item();
      }),
    );
    optimizer.dispose();
    model.dispose();
  });

  it('models, trainers and predictors that are made and disposed', async () => {
    useEngine(engine);
    await compare(async () => {
      const model = resnet8({ inChannels: 1, seed: 1 });
      const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
      const trainer = new Trainer(model, { optimizer });
      const predictor = new Predictor(model);
      await trainer.trainStep(batch);
      await predictor.logits(batch.images, batch.shape);
      predictor.dispose();
      trainer.dispose();
      optimizer.dispose();
      model.dispose();
    }, 30);
  });
});
