import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Batch } from '../../ts/data/loader.ts';
import type { Engine, Numerics } from '../../ts/kernels/engine.ts';
import type { ModelOptions } from '../../ts/models/classifier.ts';
import { models } from '../../ts/models/registry.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { expectClose, expectSameBits } from '../helpers/close.ts';
import { engineOn, missing, widths } from '../helpers/engines.ts';
import { floatState, goldenImages } from '../helpers/goldenModel.ts';

type Values = readonly (Float32Array | Int32Array)[];

/** A network and the images that it sees. */
interface Net {
  readonly name: string;
  readonly options?: Partial<ModelOptions>;
  readonly batch: number;
  readonly size: number;
}

const cifar = { stem: 'cifar' } as const;
/** Channels that are multiples of 16 and such that are not (12, 24, 40), groups, and maps down to one pixel. */
const INFERENCE: readonly Net[] = [
  { name: 'resnet18', batch: 2, size: 65 },
  { name: 'resnet50', batch: 1, size: 64 },
  { name: 'resnext50_32x4d', batch: 1, size: 64 },
  { name: 'densenet121', batch: 1, size: 70 },
  { name: 'densenet_bc40', options: cifar, batch: 3, size: 32 },
  { name: 'vgg11_bn', batch: 1, size: 64 },
  { name: 'googlenet', batch: 1, size: 64 },
];
const TRAINING: readonly Net[] = [
  { name: 'resnet20', options: cifar, batch: 9, size: 28 },
  { name: 'densenet40', options: cifar, batch: 4, size: 32 },
  { name: 'preact_resnet18', options: cifar, batch: 3, size: 20 },
  { name: 'resnet50', batch: 2, size: 64 },
];
const STEPS = 2;

const imagesOf = ({ name, batch, size }: Net, step = 0): Batch =>
  goldenImages(`widths.${name}.${step}`, [batch, 3, size, size]);

async function logits(engine: Engine, net: Net): Promise<Values> {
  useEngine(engine);
  const model = models[net.name]!({ inChannels: 3, seed: 1, ...net.options }).eval();
  const { images, shape } = imagesOf(net);
  const plan = compile((x) => model.forward(x), [{ shape, dtype: 'f32' }], { recording: false });
  const results = await plan.run(images);
  plan.dispose();
  model.dispose();
  return results;
}

/** Losses of some steps, and the weights and statistics after them. */
async function trained(engine: Engine, net: Net): Promise<Values> {
  useEngine(engine);
  const model = models[net.name]!({ inChannels: 3, seed: 1, ...net.options });
  const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 });
  const trainer = new Trainer(model, { optimizer });
  const losses = new Float32Array(STEPS);
  for (let step = 0; step < STEPS; step++) {
    losses[step] = (await trainer.trainStep(imagesOf(net, step))).loss;
  }
  const state = [...floatState(model).values()].map((tensor) => tensor.data());
  trainer.dispose();
  model.dispose();
  optimizer.dispose();
  return [losses, ...state];
}

interface Setting {
  readonly lanes: 'simd' | 'relaxed';
  readonly numerics: Numerics;
}

/** Each pair of numerics and lanes that an engine can have. */
const settings: readonly Setting[] = [
  { lanes: 'simd', numerics: 'strict' },
  { lanes: 'simd', numerics: 'fast' },
  { lanes: 'relaxed', numerics: 'fast' },
];

describe.each(settings.filter(({ lanes }) => !missing(lanes)))(
  '$numerics numerics on builds $lanes',
  async ({ lanes, numerics }) => {
    const [one, two] = [widths[lanes], widths[`${lanes}-threads`]];
    const engines = await Promise.all(
      [one[128], one[256], two[128], two[256]].map((build) => engineOn(build, { numerics })),
    );
    afterAll(() => engines.forEach((engine) => engine.close()));

    const expectSame = async (run: (engine: Engine) => Promise<Values>): Promise<void> => {
      const [reference, ...others] = engines;
      const expected = await run(reference!);
      for (const values of expected) expect(values.every(Number.isFinite)).toBe(true);
      for (const engine of others) {
        const what = `${engine.simd} bits, ${engine.threads} threads`;
        expectSameBits(await run(engine), expected, what);
      }
    };

    it('has an engine for each width on one thread and on two', () => {
      const found = engines.map(({ simd, threads }) => `${simd} ${threads}`);
      expect(found).toEqual(['128 1', '256 1', '128 2', '256 2']);
    });

    it.each(INFERENCE)('$name gives the same logits at both widths', (net) =>
      expectSame((engine) => logits(engine, net)),
    );

    it.each(TRAINING)('$name learns the same weights at both widths', (net) =>
      expectSame((engine) => trained(engine, net)),
    );
  },
);

it('would see numbers that differ in their last bits', async () => {
  const [strict, fast] = await Promise.all(
    (['strict', 'fast'] as const).map((numerics) => engineOn('simd-256', { numerics })),
  );
  const net = { name: 'resnet20', options: cifar, batch: 1, size: 28 };
  const [a, b] = [await logits(strict!, net), await logits(fast!, net)];
  expectClose(a[0]!, b[0]!, 1e-4, 'logits');
  expect(() => expectSameBits(a, b, 'logits')).toThrow('logits: tensor 0 differs');
  for (const engine of [strict!, fast!]) engine.close();
});
