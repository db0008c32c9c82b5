import { degradation } from './degradation.ts';
import { vanishingGradient } from './vanishingGradient.ts';
import { vgg13Skip } from './vgg13Skip.ts';

/** Experiments by name, as `residua experiment` calls them. */
export const experiments = Object.fromEntries(
  [vanishingGradient, degradation, vgg13Skip].map((experiment) => [experiment.name, experiment]),
);

export { degradation, vanishingGradient, vgg13Skip };
export type { Budget, BudgetName, Experiment } from '../experiment.ts';
export { renderExperiment } from '../node/report.ts';
export type { ExperimentResult } from '../result.ts';
export { runExperiment } from '../runExperiment.ts';
