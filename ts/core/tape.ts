import type { AnyOp } from '../ops/op.ts';
import { items, type Tree } from '../ops/places.ts';
import type { Tensor } from './tensor.ts';

/** One op on the tape. */
export interface TapeEntry {
  /** Later ops have larger numbers. */
  readonly order: number;
  readonly op: AnyOp;
  readonly inputs: Tree<Tensor>;
  readonly outputs: Tree<Tensor>;
  readonly attrs: unknown;
  readonly path: string;
}

let recording = true;
let walkingBack = false;
let order = 0;

/** Whether ops are put on the tape at the moment. */
export function isRecording(): boolean {
  return recording;
}

/** Whether the ops that are applied at the moment compute gradients. */
export function isWalkingBack(): boolean {
  return walkingBack;
}

/** Runs `fn`, whose ops compute gradients. */
export function walkBack<T>(fn: () => T): T {
  const outer = walkingBack;
  walkingBack = true;
  try {
    return fn();
  } finally {
    walkingBack = outer;
  }
}

/** Puts an op on the tape where gradients reach one of its inputs; its outputs then lead back to it. */
export function record(applied: Omit<TapeEntry, 'order'>): void {
  if (!items(applied.inputs).some((input) => input.requiresGrad)) return;
  const entry: TapeEntry = { ...applied, order: order++ };
  for (const output of items(applied.outputs)) {
    output.creator = entry;
    output.requiresGrad = output.dtype === 'f32';
  }
}

/**
 * Runs `fn` without recording: its results do not lead back to parameters.
 *
 * @example
 * import { noGrad, parameter, relu } from 'residua';
 *
 * const w = parameter([2]);
 * console.log(noGrad(() => relu(w)).requiresGrad); // false
 */
export function noGrad<T>(fn: () => T): T {
  const outer = recording;
  recording = false;
  try {
    return fn();
  } finally {
    recording = outer;
  }
}
