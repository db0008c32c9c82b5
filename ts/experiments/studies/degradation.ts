import type { Experiment } from '../experiment.ts';
import { errorFigure } from '../node/errorFigure.ts';
import { plain20, plain56, resnet20, resnet56 } from '../../models/cifarResnet.ts';

/** Share of the plain nets' gap that the residual nets' may have. */
const SHARE = 0.1;

/** Deeper and worse on the very images that it trains on: what a plain net does and a residual net does not. */
export const degradation: Experiment = {
  name: 'degradation',
  title: 'Deeper, and worse on its own training images',
  claim:
    'Trained alike, plain-56 ends with a higher training error than plain-20; ResNet-56 does not end higher than ' +
    `ResNet-20 by more than ${100 * SHARE} % of that gap.`,
  recipe: { optimizer: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 5e-4 },
  budgets: {
    small: { data: 'mnist', images: 1024, testImages: 0, epochs: 4, batch: 32, seeds: [1] },
    real: { data: 'mnist', images: 1536, testImages: 0, epochs: 6, batch: 32, seeds: [1, 2, 3] },
  },
  shownAt: 'real',
  variants: [
    { name: 'plain-20', make: plain20 },
    { name: 'plain-56', make: plain56 },
    { name: 'ResNet-20', make: resnet20 },
    { name: 'ResNet-56', make: resnet56 },
  ],

  judge: (runs) => {
    const numbers = Object.fromEntries(
      [...runs].map(([name, { epochs, diverged }]) => [name, diverged ? 1 : epochs.at(-1)!.error]),
    ) as Record<'plain-20' | 'plain-56' | 'ResNet-20' | 'ResNet-56', number>;
    const plainGap = numbers['plain-56'] - numbers['plain-20'];
    const residualGap = numbers['ResNet-56'] - numbers['ResNet-20'];
    const [p20, p56, r20, r56] = Object.values(numbers).map(percent);
    return {
      shown: plainGap > 0 && residualGap <= SHARE * plainGap,
      says: `Training error in the last epoch: plain-20 ${p20}, plain-56 ${p56}; ResNet-20 ${r20}, ResNet-56 ${r56}.`,
      numbers: { ...numbers, plainGap, residualGap },
    };
  },

  figure: (runs) =>
    errorFigure(runs, {
      title: 'Training error of each epoch',
      panels: {
        'plain nets': ['plain-20', 'plain-56'],
        'residual nets': ['ResNet-20', 'ResNet-56'],
      },
    }),
};

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
