import { AdamW } from '../optim/adamW.ts';
import type { Optimizer, Parameters } from '../optim/optimizer.ts';
import { SGD } from '../optim/sgd.ts';
import type { Experiment, Recipe, Variant } from './experiment.ts';

/** What a variant is trained with. */
export const recipeOf = ({ recipe }: Experiment, variant: Variant): Recipe => ({
  ...recipe,
  ...variant.recipe,
});

export function makeOptimizer(parameters: Parameters, recipe: Recipe): Optimizer {
  const { optimizer, lr, momentum = 0, weightDecay } = recipe;
  return optimizer === 'adamw'
    ? new AdamW(parameters, { lr, weightDecay })
    : new SGD(parameters, { lr, momentum, nesterov: momentum > 0, weightDecay });
}
