import type { Experiment, Recipe, Variant } from './experiment.ts';

/** What a variant is trained with. */
export const recipeOf = ({ recipe }: Experiment, variant: Variant): Recipe => ({
  ...recipe,
  ...variant.recipe,
});
