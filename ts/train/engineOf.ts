import { currentEngine } from '../core/init.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Module } from '../nn/module.ts';

/** Where a network's weights live, whatever engine is the current one; that, for a network without weights. */
export function engineOf(model: Module): Engine {
  const [first] = model.stateDict().values();
  return first?.engine ?? currentEngine();
}
