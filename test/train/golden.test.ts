import { afterAll, describe, expect, it } from 'vitest';
import { useEngine } from '../../ts/core/init.ts';
import { models } from '../../ts/models/registry.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { readGolden } from '../golden/readGolden.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import {
  floatState,
  goldenImages,
  groupErrors,
  inTorchOrder,
  loadGolden,
  relativeError,
} from '../helpers/goldenModel.ts';

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

/** Largest relative error of a loss. */
const TOLERANCE = { strict: 1e-4, fast: 1e-3 };

/** Times the error of torch's own f32 that a result may have, at the start and after ten steps. */
const [BEFORE, AFTER] = [2, 3];
/** The same for the worst single tensor. */
const WORST = 5;
/** Without shortcuts, batch norm in training amplifies rounding: see test/golden/README.md. */
const PLAIN = 10;

describe.each(engines)('ten steps of $build against PyTorch in f64', (engine) => {
  it.each([
    ['resnet20', '28x28x1'],
    ['resnet20', '32x32x3'],
    ['plain20', '28x28x1'],
    ['plain20', '32x32x3'],
  ])('%s %s', async (net, size) => {
    useEngine(engine);
    const golden = readGolden(`curves/${net}_${size}.safetensors`);
    const f32Error = golden.fact<Record<string, number>>('f32Error');
    const shape = golden.fact<number[]>('shape');
    const batchOf = (step: number) => goldenImages(`${golden.metadata.stream}.${step}`, shape);
    const model = models[net]!({ inChannels: shape[1]! });
    loadGolden(model, 'fresh');
    const [lr, momentum] = [golden.fact<number>('lr'), golden.fact<number>('momentum')];
    const trainer = new Trainer(model, {
      optimizer: new SGD(model.parameters(), { lr, momentum }),
    });
    const predictor = new Predictor(model);

    const checkLogits = async (name: string, times: number): Promise<void> => {
      const { images, shape: own } = batchOf(0);
      const logits = await predictor.logits(images, own);
      const ratio = relativeError(logits, golden.array(name).values) / f32Error[name]!;
      expect(ratio, `${name}: error over that of torch in f32`).toBeLessThan(times);
    };
    const checkGroup = (name: string, running: boolean, times: number): void => {
      const tensors = [...floatState(model)]
        .filter(([tensor]) => tensor.includes('running') === running)
        .map(([tensor, value]) => [tensor, inTorchOrder(value.shape, value.data())] as const);
      const { total, worst } = groupErrors(new Map(tensors), golden.array(name));
      expect(total / f32Error[name]!, `${name}: error over that of torch in f32`).toBeLessThan(
        times,
      );
      // A running mean far below the deviation is rounded as that is, not as itself.
      if (!running) expect(worst.ratio, `${name}: ${worst.name}`).toBeLessThan(WORST);
    };

    await checkLogits('logitsEval0', BEFORE);
    const losses: number[] = [];
    for (let step = 0; step < golden.fact<number>('steps'); step++) {
      losses.push((await trainer.trainStep(batchOf(step))).loss);
      if (step === 0) checkGroup('running1', true, BEFORE);
    }
    const truth = golden.array('loss').values;
    const worst = Math.max(...losses.map((loss, i) => Math.abs(loss / truth[i]! - 1)));
    const plain = net.startsWith('plain') ? PLAIN * f32Error.lossMax! : 0;
    expect(worst).toBeLessThan(Math.max(TOLERANCE[engine.numerics], plain));
    checkGroup('parameters10', false, AFTER);
    await checkLogits('logitsEval10', AFTER);

    trainer.dispose();
    predictor.dispose();
    trainer.optimizer.dispose();
    model.dispose();
  });
});
