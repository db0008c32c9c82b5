import type { Width } from '../kernels/chooseWidth.ts';
import type { Budget, BudgetName, Recipe } from './experiment.ts';
import type { Finding, VariantRun } from './variantRun.ts';

/** Contents of an experiment's result.json. */
export interface ExperimentResult {
  readonly experiment: string;
  readonly claim: string;
  /** Whether the effect showed on every seed. */
  readonly shown: boolean;
  /** The outcome in words; where it did not show, which budget does. */
  readonly says: string;
  readonly findings: readonly Finding[];
  readonly budget: BudgetName;
  readonly settings: Budget & {
    readonly imageSide?: number;
    readonly recipes: Readonly<Record<string, Recipe>>;
  };
  readonly runs: readonly VariantRun[];
  readonly seconds: number;
  readonly build: string;
  /** Bits of its vectors; absent in results from before there were two widths. */
  readonly simd?: Width;
  readonly threads: number;
  readonly numerics: string;
  readonly runtime: string;
}
