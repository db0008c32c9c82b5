import type { Experiment, Variant } from '../experiment.ts';
import { gradientFigure } from '../node/gradientFigure.ts';
import type { VariantRun } from '../variantRun.ts';
import {
  plain20,
  plain56,
  resnet20,
  resnet56,
  type CifarResNet,
} from '../../models/cifarResnet.ts';
import { noNorm } from '../../nn/blocks/blockOptions.ts';

/** How much further the plain net's gradient has to drift than the residual net's. */
const FACTOR = 2;

const nets = {
  'plain-20': plain20,
  'plain-56': plain56,
  'ResNet-20': resnet20,
  'ResNet-56': resnet56,
};
const names = Object.keys(nets);
const without = (name: string): string => `${name}, no norm`;
const UNSCALED = 'ResNet-56, no norm, unscaled';

const withNorm = Object.entries(nets).map(([name, make]): Variant => ({ name, make }));

/**
 * Without a normalisation sums double their variance from block to block, so each of the n transforms is scaled by a gate
 * that begins at 1/√n (Hanin and Rolnick 2018, arXiv:1803.01719).
 */
function scaled(model: CifarResNet): CifarResNet {
  const gates = [...model.parameters()].filter(([name]) => name.endsWith('transform_gate'));
  for (const [, gate] of gates) gate.write([1 / Math.sqrt(gates.length)]);
  return model;
}

const withoutNorm = Object.entries(nets).map(([name, make]): Variant => {
  const gate = name.startsWith('ResNet') ? ({ gate: 'transform' } as const) : {};
  return {
    name: without(name),
    make: (options) => scaled(make({ ...options, ...gate, norm: noNorm })),
    recipe: { lr: 0.01 },
  };
});

/** Gradients by depth: what reaches the input of a deep net, with shortcuts and without. */
export const vanishingGradient: Experiment = {
  name: 'vanishing-gradient',
  title: 'What reaches the first block of the gradient',
  claim:
    'From its output to its input the gradient of a deep plain net grows or shrinks with every block, that of a residual ' +
    `net much less: from the last block to the first, plain-56 drifts at least ${FACTOR} times as far as ResNet-56 at ` +
    'initialisation, with batch norm (where it explodes) and without (where it vanishes).',
  recipe: { optimizer: 'sgd', lr: 0.05, momentum: 0.9, weightDecay: 5e-4 },
  budgets: {
    small: { data: 'mnist', images: 80, testImages: 0, epochs: 1, batch: 8, seeds: [1, 2] },
    real: { data: 'mnist', images: 800, testImages: 0, epochs: 2, batch: 8, seeds: [1, 2, 3] },
  },
  shownAt: 'small',
  gradients: true,
  variants: [
    ...withNorm,
    ...withoutNorm,
    { name: UNSCALED, make: (options) => resnet56({ ...options, norm: noNorm }), untrained: true },
  ],

  judge: (runs) => {
    const of = (name: string): VariantRun => runs.get(name)!;
    const [plain, residual] = [of('plain-56'), of('ResNet-56')].map(growth) as [number, number];
    const [bare, bareResidual] = [of(without('plain-56')), of(without('ResNet-56'))].map(
      growth,
    ) as [number, number];
    const numbers = Object.fromEntries([...runs].map(([name, run]) => [name, growth(run)]));
    return {
      shown:
        drift(plain) >= FACTOR * drift(residual) && drift(bare) >= FACTOR * drift(bareResidual),
      says:
        `At initialisation the gradient at the first block is ${times(plain)} times that at the last in plain-56, ` +
        `${times(residual)} times in ResNet-56; without batch norm ${times(bare)} and ${times(bareResidual)} times ` +
        `(${times(growth(of(UNSCALED)))} where its sums are not scaled).`,
      numbers,
    };
  },

  figure: (runs) =>
    gradientFigure(runs, {
      title: 'Gradient of the loss by what each block gives',
      columns: {
        'with batch norm': names,
        'without batch norm': [...names.map(without), UNSCALED],
      },
      dashed: { [UNSCALED]: 'ResNet-56, sums not scaled' },
    }),
};

/** Gradient at the first block, the last block's being 1, before training. */
function growth({ gradients }: VariantRun): number {
  const { blocks } = gradients!.before;
  return blocks[0]! / blocks.at(-1)!;
}

/** How far from 1, whichever way. */
const drift = (ratio: number): number => Math.max(ratio, 1 / ratio);

const times = (ratio: number): string => (ratio < 100 ? ratio.toPrecision(3) : ratio.toFixed(0));
