import { afterAll, describe, expect, it } from 'vitest';
import { useEngine } from '../../ts/core/init.ts';
import { models } from '../../ts/models/registry.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { goldenImages } from '../helpers/goldenModel.ts';

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

const batch = goldenImages('overfit', [16, 3, 16, 16]);

describe.each(engines)('$build learns one batch by heart', (engine) => {
  it.each([
    ['resnet8', 'SGD', 40],
    ['plain8', 'SGD', 60],
    ['resnet8', 'AdamW', 40],
  ] as const)('%s with %s in %i steps', async (name, kind, steps) => {
    useEngine(engine);
    const model = models[name]!({ seed: 1 });
    const optimizer =
      kind === 'SGD'
        ? new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true })
        : new AdamW(model.parameters(), { lr: 0.01 });
    const trainer = new Trainer(model, { optimizer });
    const first = await trainer.trainStep(batch);
    let last = first;
    for (let step = 1; step < steps; step++) last = await trainer.trainStep(batch);
    expect(first.loss).toBeGreaterThan(1.5);
    expect(last.loss).toBeLessThan(0.05);
    expect(last.accuracy).toBe(1);
    trainer.dispose();
    optimizer.dispose();
    model.dispose();
  });
});
