/** A page that trains as long as it is open; the bench calls these three functions. */
import { init } from '../../ts/core/init.ts';
import { imageDataset } from '../../ts/data/index.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { resnet20 } from '../../ts/models/cifarResnet.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { findGrowth } from './findGrowth.ts';

/** Pictures of an epoch; the last of its batches is smaller. */
const COUNT = 500;
const SIDE = 32;
const CLASSES = 10;

let engine: Engine;
let steps = 0;
let failure: string | undefined;

/** Pixels that look random, and labels. */
const dataset = imageDataset({
  name: 'noise',
  images: Uint8Array.from({ length: COUNT * SIDE * SIDE * 3 }, (_, i) => (i * 7919) >>> 3),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i % CLASSES),
  height: SIDE,
  width: SIDE,
  channels: 3,
  classes: Array.from({ length: CLASSES }, (_, i) => `${i}`),
});

/** Epochs of ResNet-20, each with an evaluation, until the page is closed. */
async function trainOn(): Promise<void> {
  const model = resnet20({ seed: 1 });
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const trainer = new Trainer(model, { optimizer });
  for (;;) {
    await trainer.fit(dataset, {
      epochs: 1,
      batchSize: 32,
      seed: 1,
      augment: { crop: 4, flip: true },
      validation: dataset,
      onStep: () => void steps++,
    });
  }
}

Object.assign(globalThis, {
  findGrowth,
  train: async (threads: number): Promise<string> => {
    engine = await init({ threads });
    trainOn().catch((error: unknown) => (failure = String(error)));
    return `build ${engine.build}, ${engine.threads} threads`;
  },
  progress: () => {
    if (failure !== undefined) throw new Error(failure);
    return { wasm: engine.memoryBytes, used: engine.usedBytes, steps };
  },
});
