import type { Module } from '../nn/module.ts';

/** Which modules and weights are frozen: a plan is compiled for one such state. */
export function frozenState(model: Module): string {
  const modules = [...model.modules()].map(([, module]) => 'frozen' in module && module.frozen);
  const weights = [...model.stateDict().values()].map((weight) => weight.requiresGrad);
  return [...modules, ...weights].map(Number).join('');
}
