import { AdamW } from './adamW.ts';
import type { Optimizer, Parameters } from './optimizer.ts';
import { SGD } from './sgd.ts';

/** An optimizer by name, with its settings. */
export interface OptimizerSettings {
  readonly optimizer: 'sgd' | 'adamw';
  readonly lr: number;
  /** Nesterov's, of sgd; 0 by default. */
  readonly momentum?: number;
  readonly weightDecay: number;
}

/** The optimizer that settings name. */
export function makeOptimizer(parameters: Parameters, settings: OptimizerSettings): Optimizer {
  const { optimizer, lr, momentum = 0, weightDecay } = settings;
  return optimizer === 'adamw'
    ? new AdamW(parameters, { lr, weightDecay })
    : new SGD(parameters, { lr, momentum, nesterov: momentum > 0, weightDecay });
}
