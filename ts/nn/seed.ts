import { currentEngine } from '../core/init.ts';
import { state } from '../core/create.ts';
import type { Tensor } from '../core/tensor.ts';

/** Where initial weights come from: a seed, and a stream number that goes up with each weight. */
let source = { seed: 0, stream: 0 };
const dropoutStates = new WeakMap<ReturnType<typeof currentEngine>, Tensor>();

/**
 * Starts the random numbers of initial weights and dropout anew: the same seed and the same code give the same numbers,
 * in every runtime.
 *
 * @param seed whole number, 0 ≤ seed < 2⁵³
 * @throws RangeError for another seed
 * @example
 * import { Linear, manualSeed } from 'residua';
 *
 * manualSeed(1);
 * const [a] = new Linear(2, 2).weight.data();
 * manualSeed(1);
 * const [b] = new Linear(2, 2).weight.data();
 * console.log(a === b); // true
 */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(
      `manualSeed: seed is ${seed} but must be a whole number from 0 to 2^53 - 1`,
    );
  }
  source = { seed, stream: 0 };
  dropoutState().write([seed | 0, Math.floor(seed / 2 ** 32), 0, 0]);
}

/** Seed and stream for the next initial weight. */
export function nextStream(): { seed: number; stream: number } {
  return { seed: source.seed, stream: source.stream++ };
}

/** `[seed low, seed high, step low, step high]` of dropout on the current engine; part of a checkpoint. */
export function dropoutState(): Tensor {
  const engine = currentEngine();
  let tensor = dropoutStates.get(engine);
  if (!tensor) {
    tensor = state([4], 'i32');
    dropoutStates.set(engine, tensor);
  }
  return tensor;
}
