import type { Engine } from '../kernels/engine.ts';
import type { Tensor } from '../core/tensor.ts';
import type { LoweredNode } from './lower.ts';

/**
 * Runs a plan's prologue node by node, each after the deferred tensors that it needs have been read into the arena.
 *
 * @param visit told of each node when its inputs are there, before it runs
 */
export function runPrologue(
  engine: Engine,
  prologue: readonly LoweredNode[],
  visit?: (node: LoweredNode) => void,
): void {
  const read = new Set<Tensor>();
  for (const lowered of prologue) {
    for (const { tensor, buffer, outputsFirst } of lowered.borrowed) {
      if (!read.has(tensor)) tensor.copyTo({ buffer, byteOffset: 0 }, outputsFirst);
      read.add(tensor);
    }
    visit?.(lowered);
    engine.runSteps(lowered.steps);
  }
}
