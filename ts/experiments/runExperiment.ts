import { currentEngine } from '../core/init.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { pad } from '../data/pad.ts';
import { runtimeName } from '../inspect/runtimeName.ts';
import { plainNumbers } from './plainNumbers.ts';
import { recipeOf } from './recipe.ts';
import type { Budget, BudgetName, Experiment, Variant } from './experiment.ts';
import type { ExperimentResult } from './result.ts';
import type { Finding, VariantRun } from './variantRun.ts';
import { trainVariant, type ExperimentData, type RunHooks } from './trainVariant.ts';

/** What {@link runExperiment} runs on, and how it is followed. */
export interface RunExperimentOptions extends ExperimentData, RunHooks {
  readonly budget: BudgetName;
  /** Instead of the budget's. */
  readonly seeds?: readonly number[];
  /** Before a network is built; counted from 1. */
  readonly onRun?: (variant: Variant, seed: number, number: number, runs: number) => void;
  readonly onRunDone?: (run: VariantRun) => void;
}

/**
 * Trains every network of an experiment on every seed and judges whether the effect showed.
 *
 * @throws the signal's reason when that stops it
 */
export async function runExperiment(
  experiment: Experiment,
  options: RunExperimentOptions,
): Promise<ExperimentResult> {
  const started = performance.now();
  const budget = budgetOf(experiment, options);
  const { variants, imageSide } = experiment;
  const data = {
    train: sized(options.train, imageSide),
    ...(options.test && budget.testImages > 0 && { test: sized(options.test, imageSide) }),
  };
  const runs: VariantRun[] = [];
  for (const seed of budget.seeds) {
    for (const variant of variants) {
      options.onRun?.(variant, seed, runs.length + 1, budget.seeds.length * variants.length);
      const run = await trainVariant(experiment, variant, { ...data, budget, seed }, options);
      runs.push(plainNumbers(run));
      options.onRunDone?.(run);
    }
  }
  const findings = budget.seeds.map((seed): Finding => {
    const own = runs.filter((run) => run.seed === seed).map((run) => [run.variant, run] as const);
    return plainNumbers({ seed, ...experiment.judge(new Map(own)) });
  });
  const { build, simd, threads, numerics } = currentEngine();
  const recipes = variants.map((variant) => [variant.name, recipeOf(experiment, variant)] as const);
  return {
    experiment: experiment.name,
    claim: experiment.claim,
    shown: findings.every(({ shown }) => shown),
    says: outcome(experiment, options.budget, findings),
    findings,
    budget: options.budget,
    settings: { ...budget, ...(imageSide && { imageSide }), recipes: Object.fromEntries(recipes) },
    runs,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    build,
    simd,
    threads,
    numerics,
    runtime: runtimeName(),
  };
}

/** What an experiment runs at: a budget of its own, with other seeds where these are asked for. */
export function budgetOf(
  { budgets }: Experiment,
  { budget, seeds }: Pick<RunExperimentOptions, 'budget' | 'seeds'>,
): Budget {
  return { ...budgets[budget], ...(seeds && { seeds }) };
}

const sized = (data: ImageDataset, side: number | undefined): ImageDataset =>
  side === undefined ? data : pad(data, side);

/** The outcome in a sentence: on which seeds it showed, and which budget shows it where some did not. */
function outcome(
  { name, shownAt }: Experiment,
  budget: BudgetName,
  findings: readonly Finding[],
): string {
  const seeds = (shown: boolean): string[] =>
    findings.filter((finding) => finding.shown === shown).map(({ seed }) => String(seed));
  const list = (numbers: readonly string[]): string =>
    `${numbers.length === 1 ? 'seed' : 'seeds'} ${numbers.join(', ')}`;
  const [shown, missing] = [seeds(true), seeds(false)];
  if (missing.length === 0) return `The effect showed on every seed (${shown.join(', ')}).`;
  const where = shown.length > 0 ? ` It did on ${list(shown)}.` : '';
  const advice =
    budget === shownAt
      ? `The committed run of this budget (experiments/results/${name}) shows it on its seeds.`
      : `The budget "${shownAt}" shows it: --budget ${shownAt}.`;
  return `The effect did not show on ${list(missing)} at the budget "${budget}".${where} ${advice}`;
}
