import { runEagerly } from './eager.ts';
import type { Region } from './graph.ts';
import type { AnyOp, Op } from '../ops/op.ts';
import type { Of, Tree } from '../ops/places.ts';
import type { Spec } from '../base/shape.ts';
import { isRecording, record } from './tape.ts';
import type { Tensor } from './tensor.ts';

/** Gives an op its meaning: compute now, or note it in a graph. Gives a tensor for each of the specs. */
export type Interpreter = (
  op: AnyOp,
  inputs: Tree<Tensor>,
  attrs: unknown,
  specs: Tree<Spec>,
  path: string,
) => Tree<Tensor>;

let interpreter: Interpreter = runEagerly;
let path = '';
let region: Region | undefined;

/**
 * Applies an op: checks shapes, then runs it eagerly or captures it, and records it when gradients are wanted.
 * Errors carry the place in the model: `layer2.0.conv1: conv2d: …`.
 */
export function apply<I, O, A>(op: Op<I, O, A>, inputs: Of<I, Tensor>, attrs: A): Of<O, Tensor> {
  return applyAny(op as AnyOp, inputs as Tree<Tensor>, attrs) as Of<O, Tensor>;
}

function applyAny(op: AnyOp, inputs: Tree<Tensor>, attrs: unknown): Tree<Tensor> {
  const outputs = located(() => interpreter(op, inputs, attrs, op.infer(inputs, attrs), path));
  if (op.gradient && isRecording()) record({ op, inputs, outputs, attrs, path });
  return outputs;
}

/** Runs `fn` with another interpreter behind {@link apply}. */
export function interpretWith<T>(other: Interpreter, fn: () => T): T {
  const outer = interpreter;
  interpreter = other;
  try {
    return fn();
  } finally {
    interpreter = outer;
  }
}

/** Runs `fn` with this place in the model for errors and plans. */
export function named<T>(place: string, fn: () => T): T {
  const outer = path;
  path = place;
  try {
    return fn();
  } finally {
    path = outer;
  }
}

/**
 * Runs `fn`, of whose values a compiled training step keeps the result alone: what its gradient needs besides is computed
 * again (Chen et al. 2016, arXiv:1604.06174), with the same bits. Eager code keeps them all the same.
 */
export function recomputed(fn: () => Tensor): Tensor {
  const outer = region;
  const results: Spec[] = [];
  region = { results };
  try {
    const result = fn();
    if (result.value) results.push(result.value);
    return result;
  } finally {
    region = outer;
  }
}

/** The innermost {@link recomputed} that runs. */
export const currentRegion = (): Region | undefined => region;

/** Puts the place before the message of an error, once. */
function located<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (path && error instanceof Error && !error.message.startsWith(`${path}: `)) {
      error.message = `${path}: ${error.message}`;
    }
    throw error;
  }
}
