import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { useEngine } from '../../ts/core/init.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { allModels } from '../../ts/models/allModels.ts';
import type { ModelOptions } from '../../ts/models/classifier.ts';
import { gradients } from '../../ts/core/gradients.ts';
import { readGolden, type Golden } from '../golden/readGolden.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import {
  floatState,
  goldenImages,
  groupErrors,
  inTorchOrder,
  loadGolden,
  relativeError,
  ROUNDING,
} from '../helpers/goldenModel.ts';

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

/** Times the error of torch's own f32 that a result may have, all in all and for the worst single tensor. */
const [ALL, WORST] = [2, 5];
/** Error of logits that fast numerics may have in any case. */
const FAST_LOGITS = 2e-5;

const files = readdirSync(new URL('../golden/smallNets/', import.meta.url));

/** Options of a network that is a variant of the one of its name. */
const optionsOf = ({ metadata }: Golden): ModelOptions =>
  JSON.parse(metadata['options'] ?? '{}') as ModelOptions;

describe.each(engines)('$build against PyTorch in f64', (engine) => {
  it.each(files)('%s', async (file) => {
    useEngine(engine);
    const fast = engine.numerics === 'fast';
    const golden = readGolden(`smallNets/${file}`);
    const f32Error = golden.fact<Record<string, number>>('f32Error');
    const { images, labels, shape } = goldenImages(
      golden.metadata.stream!,
      golden.fact<number[]>('shape'),
    );
    const model = allModels[golden.metadata.net!]!({
      inChannels: shape.at(-1)!,
      ...optionsOf(golden),
    });
    loadGolden(model, golden.fact<number>('norm'));
    model.train(golden.metadata.mode === 'train');
    const weights = model.parameters();
    const plan = compile(
      (x, y) => {
        const logits = model.forward(x);
        const loss = crossEntropy(logits, y);
        return [logits, loss, ...gradients(loss, [...weights.values()])];
      },
      [
        { shape, dtype: 'f32' },
        { shape: [labels.length], dtype: 'i32' },
      ],
    );
    const [logits, loss, ...found] = await plan.run(images, labels);
    const check = (name: string, error: number, own = f32Error[name]!): void => {
      const ratio = error / Math.max(own, ROUNDING);
      expect(ratio, `${name}: error ${error} over that of torch in f32`).toBeLessThan(ALL);
    };
    const checkGroup = (name: string, tensors: [string, Float32Array][]): void => {
      const { total, worst } = groupErrors(new Map(tensors), golden.array(name));
      check(name, total);
      // A running mean far below the deviation is rounded as that is, not as itself.
      if (name !== 'running') expect(worst.ratio, `${name}: ${worst.name}`).toBeLessThan(WORST);
    };
    const logitsError = Math.max(f32Error['logits']!, fast ? FAST_LOGITS / ALL : 0);
    check('logits', relativeError(logits!, golden.array('logits').values), logitsError);
    // One number may be near the truth by chance; it is as exact as the logits that it is made of.
    const lossError = Math.max(f32Error['loss']!, logitsError);
    check('loss', relativeError(loss!, golden.array('loss').values), lossError);
    checkGroup(
      'gradients',
      [...weights].map(([name, { shape: own }], i) => [name, inTorchOrder(own, found[i]!)]),
    );
    if (model.training) {
      const running = [...floatState(model)].filter(([name]) => name.includes('running'));
      checkGroup(
        'running',
        running.map(([name, value]) => [name, inTorchOrder(value.shape, value.data())]),
      );
    }
    plan.dispose();
    model.dispose();
  });
});
