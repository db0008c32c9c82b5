import type { Module } from './module.ts';

/**
 * Runs `fn` with the model in training or evaluation mode and puts the mode of each module back, whatever happens. In
 * training, modules that were put into evaluation mode on their own stay so.
 */
export function inMode<T>(model: Module, training: boolean, fn: () => T): T {
  const before = [...model.modules()].map(([, module]) => [module, module.training] as const);
  if (!(training && model.training)) model.train(training);
  try {
    return fn();
  } finally {
    for (const [module, mode] of before) module.training = mode;
  }
}
