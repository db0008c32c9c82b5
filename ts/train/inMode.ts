import type { Module } from '../nn/module.ts';

/** Runs `fn` with the model in training or evaluation mode and puts the mode back, whatever happens. */
export function inMode<T>(model: Module, training: boolean, fn: () => T): T {
  const before = model.training;
  model.train(training);
  try {
    return fn();
  } finally {
    model.train(before);
  }
}
