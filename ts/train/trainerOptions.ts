import type { Optimizer } from '../optim/optimizer.ts';
import type { Schedule } from '../optim/schedule.ts';
import type { PlanLimit } from './recentPlans.ts';

/** How a `Trainer` trains. */
export interface TrainerOptions extends PlanLimit {
  readonly optimizer: Optimizer;
  /** Learning rate by step; the optimizer's own, unchanged, by default. */
  readonly schedule?: Schedule;
  /** Share of the target spread over all classes (Szegedy et al. 2016); 0 by default. */
  readonly labelSmoothing?: number;
  /** Also measure the norm of each weight's gradient at every step; false by default. */
  readonly gradientNorms?: boolean;
  /** Most bytes of activations, gradients and workspaces a step may need; see `CompileOptions.memoryBudget`. */
  readonly memoryBudget?: number;
  /** Told once of each thing that may not be meant, as of images that are normalised otherwise; console.warn by default. */
  readonly warn?: (message: string) => void;
}
