import type { DatasetName } from '../data/catalog.ts';
import type { Classifier, ModelOptions } from '../models/classifier.ts';
import type { Finding, VariantRun } from './variantRun.ts';

/** `small` takes a minute or two on two cores and is what tests run; `real` is what the committed results are of. */
export const BUDGETS = ['small', 'real'] as const;
export type BudgetName = (typeof BUDGETS)[number];

/** How long an experiment trains, and on what. */
export interface Budget {
  readonly data: DatasetName;
  /** The first so many training images. */
  readonly images: number;
  /** The first so many test images; 0 for none. */
  readonly testImages: number;
  readonly epochs: number;
  readonly batch: number;
  /** Each is a run of its own: of weights and the order of the images. */
  readonly seeds: readonly number[];
}

/** How a network is trained: with one cycle of the learning rate. */
export interface Recipe {
  readonly optimizer: 'sgd' | 'adamw';
  /** Highest learning rate. */
  readonly lr: number;
  /** Nesterov's, of sgd. */
  readonly momentum?: number;
  readonly weightDecay: number;
}

/** One of the networks that an experiment compares. */
export interface Variant {
  readonly name: string;
  readonly make: (options: ModelOptions) => Classifier;
  /** What differs from the experiment's recipe. */
  readonly recipe?: Partial<Recipe>;
  /** Takes something out of the trained network, which is then tested once more. */
  readonly drop?: (model: Classifier) => void;
  /** Only looked at as it begins; false by default. */
  readonly untrained?: boolean;
}

/** Networks that are trained alike, and what is expected of them. */
export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** The effect that it is named after, in a sentence or two. */
  readonly claim: string;
  readonly variants: readonly Variant[];
  readonly recipe: Recipe;
  readonly budgets: Readonly<Record<BudgetName, Budget>>;
  /** The budget at which the effect showed on every seed. */
  readonly shownAt: BudgetName;
  /** Sides of the images, with zeros around; their own by default. */
  readonly imageSide?: number;
  /** Measures gradients by depth before and after training; false by default. */
  readonly gradients?: boolean;
  /** Whether the effect shows in the runs of one seed, by the names of the variants. */
  readonly judge: (runs: ReadonlyMap<string, VariantRun>) => Omit<Finding, 'seed'>;
  /** Draws the runs of all seeds as one SVG. */
  readonly figure: (runs: readonly VariantRun[]) => string;
}
