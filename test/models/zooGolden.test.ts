import { readdirSync } from 'node:fs';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import { useEngine } from '../../ts/core/init.ts';
import { loadWeights } from '../../ts/io/weights.ts';
import { isCounter, storedShape, weightSlots } from '../../ts/io/weights/slot.ts';
import { models } from '../../ts/models/index.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import type { Classifier } from '../../ts/models/classifier.ts';
import { runNetwork } from '../../ts/train/runNetwork.ts';
import { goldenNoise } from '../golden/generator.ts';
import { nchwToNhwc } from '../golden/layout.ts';
import { goldenStateDict } from '../golden/parameters.ts';
import { readGolden } from '../golden/readGolden.ts';
import { largest } from '../helpers/close.ts';
import { builds, engineOn } from '../helpers/engines.ts';
import { groupErrors } from '../helpers/goldenModel.ts';

const engines = await Promise.all(
  builds.filter((build) => build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

/** Largest error of a logit over the largest logit. */
const LOGITS = { strict: 5e-6, fast: 2e-5 };
/** Relative error of the loss, and of all gradients as one vector, by running statistics. */
const FROZEN = 1e-5;
/**
 * The same where a large image has so many units that f32 codes meet a jump or two, each its own: see the goldens' README.
 */
const JUMPS = 2e-3;
const LARGE = '224x224';
/**
 * Times the error of torch's own f32 by the batch's statistics: all in all, and, on images without jumps, for the worst
 * tensor. (Torch's error of a tensor is a thousand times smaller where no unit before it has jumped.)
 */
const [ALL, WORST] = [2, 5];

interface Case {
  readonly file: string;
  readonly size: string;
  readonly mode: string;
}

const cases = new Map<string, Case[]>();
for (const file of readdirSync(new URL('../golden/nets/', import.meta.url))) {
  const [, net, size, mode] = /^(.+)_(\d+x\d+)_(\w+)\.safetensors$/.exec(
    file,
  ) as unknown as string[];
  cases.set(net!, [...(cases.get(net!) ?? []), { file, size: size!, mode: mode! }]);
}

/**
 * Small images for every network but some VGGs, larger ones and fast numerics for one of each family. RESIDUA_ZOO=all
 * takes all files with all numerics, which takes minutes and gigabytes.
 */
const everything = process.env['RESIDUA_ZOO'] === 'all';
const FULL = ['resnet18', 'resnext50_32x4d', 'densenet121', 'googlenet'];
const PHOTOGRAPHS = ['resnet18', 'densenet121'];
const LEFT_OUT = ['vgg11_bn', 'vgg13', 'vgg16', 'vgg16_bn', 'vgg19_bn'];
const isChosen = (net: string, { size }: Case, { numerics }: Engine): boolean => {
  if (everything) return true;
  if (size === LARGE) return PHOTOGRAPHS.includes(net) && numerics === 'strict';
  if (FULL.includes(net)) return true;
  return size === '64x64' && numerics === 'strict' && !LEFT_OUT.includes(net);
};
/** Networks whose gradients take hundreds of megabytes. */
const isHuge = (net: string): boolean => net.startsWith('vgg');

/** The network with the generated weights that the golden files were made with. */
function generated(net: string, norm: number): Classifier {
  const model = models[net]!({});
  const slots = [...weightSlots(model)].filter(([name]) => !isCounter(name));
  const shapes = Object.fromEntries(slots.map(([name, slot]) => [name, storedShape(slot)]));
  const values = Object.entries(goldenStateDict(shapes, norm));
  loadWeights(
    model,
    new Map(values.map(([name, data]) => [name, { dtype: 'F32', shape: shapes[name]!, data }])),
  );
  return model;
}

describe.each(engines)('$numerics numerics', (engine) => {
  const chosenCases = [...cases]
    .map(([net, all]) => [net, all.filter((item) => isChosen(net, item, engine))] as const)
    .filter(([, chosen]) => chosen.length > 0);
  describe.each(chosenCases)('%s', (net, chosen) => {
    let model: Classifier | undefined;
    afterAll(() => model?.dispose());

    it.each(chosen)('$size, $mode: equals PyTorch in f64', async ({ file, size, mode }) => {
      useEngine(engine);
      const golden = readGolden(`nets/${file}`);
      const f32Error = golden.fact<Record<string, number>>('f32Error');
      const shape = golden.fact<[number, number, number, number]>('shape');
      const { images, labels } = goldenNoise(golden.metadata['stream']!, shape, 1000);
      model ??= generated(net, golden.fact<number>('norm'));
      const [count, channels, height, width] = shape;
      const training = mode === 'train';
      const differentiate = everything || !isHuge(net);
      const run = await runNetwork(
        model,
        Float32Array.from(nchwToNhwc(images, shape)),
        [count, height, width, channels],
        { training, ...(differentiate && { target: labels }) },
      );
      const truth = golden.array('logits').values;
      const off = largest(run.logits.map((logit, i) => logit - truth[i]!)) / largest(truth);
      const allowed = LOGITS[engine.numerics];
      expect(off, 'logits').toBeLessThan(
        training ? Math.max(allowed, ALL * f32Error['logitsMax']!) : allowed,
      );
      if (!run.gradients) return;

      const loss = golden.array('loss').values[0]!;
      expect(Math.abs(run.loss! / loss - 1), 'loss').toBeLessThan(FROZEN);
      const found = [...run.gradients].map(
        ([name, { data }]) => [name, data as Float32Array] as const,
      );
      const { total, worst } = groupErrors(
        new Map(found.filter(([name]) => training || !name.startsWith('aux'))),
        golden.array('gradients'),
      );
      if (training) {
        expect(total / f32Error['gradients']!, 'gradients over torch in f32').toBeLessThan(ALL);
        if (size !== LARGE) expect(worst.ratio, worst.name).toBeLessThan(WORST);
      } else {
        expect(total, 'gradients').toBeLessThan(size === LARGE ? JUMPS : FROZEN);
      }
    });
  });
});
