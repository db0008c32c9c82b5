import type { Step } from '../kernels/step.ts';
import type { Storage } from './liveness.ts';

/** What the memory of a run is for, each at its own highest point, in bytes. */
export interface BytesByKind {
  /** Inputs and what ops make of them: activations, gradients. */
  readonly activations: number;
  /** Memory of single ops. */
  readonly workspaces: number;
  /** Weights on their way into packed form, at compile. */
  readonly prologue: number;
  /** Scratch memory of a worker, outside the arena. */
  readonly scratch: number;
}

/** Most bytes that are in use at one time. */
export function mostAtOnce(storages: Iterable<Storage>): number {
  const all = [...new Set(storages)];
  const inUse = (index: number): number =>
    all
      .filter(({ first, last }) => first <= index && index <= last)
      .reduce((sum, { buffer }) => sum + buffer.bytes, 0);
  return all.reduce((most, { first }) => Math.max(most, inUse(first)), 0);
}

/** Scratch memory that steps need, a worker's. */
export const scratchOf = (steps: readonly Step[]): number =>
  steps.reduce((most, { scratchBytes = 0 }) => Math.max(most, scratchBytes), 0);
