import { bypassConvolutions } from '../bypassConvolutions.ts';
import type { Experiment } from '../experiment.ts';
import { dropFigure } from '../node/dropFigure.ts';
import type { VariantRun } from '../variantRun.ts';
import type { Classifier } from '../../models/classifier.ts';
import { vgg13, type VGG } from '../../models/vgg.ts';

const skips = [[9, 10]] as const;
const dropLastTwo = (model: Classifier): void => bypassConvolutions(model as VGG, 9, 10);

/** VGG13 with a way around its last two convolutions: whether it needs them, and what learned gates make of the choice. */
export const vgg13Skip: Experiment = {
  name: 'vgg13-skip',
  title: 'VGG13 and a way around its last two convolutions',
  claim:
    'A skip around the last two convolutions of VGG13 is something to fall back on: when they are bypassed after ' +
    'training, the nets with a skip lose less of the test images than the plain net does, with learned gates too.',
  recipe: { optimizer: 'adamw', lr: 5e-4, weightDecay: 0.05 },
  imageSide: 32,
  budgets: {
    small: { data: 'mnist', images: 512, testImages: 500, epochs: 3, batch: 32, seeds: [1] },
    real: { data: 'mnist', images: 768, testImages: 500, epochs: 3, batch: 16, seeds: [1, 2, 3] },
  },
  shownAt: 'small',
  variants: [
    { name: 'plain', make: vgg13, drop: dropLastTwo },
    { name: 'skip', make: (options) => vgg13({ ...options, skips }), drop: dropLastTwo },
    {
      name: 'gated skip',
      make: (options) => vgg13({ ...options, skips, gate: 'both' }),
      drop: dropLastTwo,
    },
    {
      name: 'without the two',
      make: (options) => {
        const model = vgg13(options);
        dropLastTwo(model);
        return model;
      },
    },
  ],

  judge: (runs) => {
    const of = (name: string): VariantRun => runs.get(name)!;
    const [plain, skip, gated] = ['plain', 'skip', 'gated skip'].map((name) =>
      costOf(of(name)),
    ) as [number, number, number];
    const never = error(of('without the two').test) - error(of('plain').test);
    const gates = Object.values(of('gated skip').gates!)[0]!;
    return {
      shown: skip < plain && gated < plain,
      says:
        `Bypassing the two convolutions costs plain VGG13 ${points(plain)} of test accuracy, the net with a skip ` +
        `${points(skip)}, with gates ${points(gated)}; training without them costs ${points(never)}. The gates chose ` +
        `skip × ${gates.skip!.toFixed(3)} and transform × ${gates.transform!.toFixed(3)}.`,
      numbers: {
        plain,
        skip,
        gated,
        trainedWithout: never,
        skipGate: gates.skip!,
        transformGate: gates.transform!,
      },
    };
  },

  figure: (runs) =>
    dropFigure(runs, {
      title: 'VGG13 as trained, and with its last two convolutions bypassed',
      dropped: 'the two convolutions bypassed',
    }),
};

const error = (test: VariantRun['test']): number => 1 - test!.accuracy;
const costOf = ({ test, dropped }: VariantRun): number => error(dropped) - error(test);
const points = (share: number): string => `${(100 * share).toFixed(1)} points`;
