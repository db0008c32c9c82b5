import { currentEngine } from './init.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Buffer, Pointer, Step } from '../kernels/step.ts';
import type { Lowering, Op } from '../ops/op.ts';
import { bytesOf, type Spec } from '../base/shape.ts';
import { Tensor } from './tensor.ts';

/** A tensor with memory on the current engine; its values are what lay there. */
export function allocate(spec: Spec, engine: Engine = currentEngine(), kept = false): Tensor {
  return new Tensor(spec, { engine, buffer: engine.allocate(bytesOf(spec), spec) }, kept);
}

class EagerLowering implements Lowering {
  readonly steps: Step[] = [];
  readonly #engine: Engine;
  readonly #workspaces: Required<Buffer>[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get winograd(): boolean {
    return this.#engine.numerics === 'fast';
  }

  step(step: Step): void {
    this.steps.push(step);
  }

  workspace(bytes: number): Pointer {
    const buffer = this.#engine.allocate(bytes, 'workspace of an op');
    this.#workspaces.push(buffer);
    return { buffer, byteOffset: 0 };
  }

  free(): void {
    for (const buffer of this.#workspaces) this.#engine.free(buffer);
  }
}

/** Computes an op at once. */
export function runEagerly<A>(
  op: Op<A>,
  inputs: readonly Tensor[],
  attrs: A,
  specs: readonly Spec[],
): Tensor[] {
  const engine = inputs[0]?.stored.engine ?? currentEngine();
  const views = inputs.map((input) => {
    if (input.stored.engine !== engine)
      throw new Error(
        `${op.name}: its inputs live on two engines: useEngine() with that of the model before tensors are made for it`,
      );
    return input.view;
  });
  const outputs: Tensor[] = [];
  const lowering = new EagerLowering(engine);
  try {
    for (const spec of specs) outputs.push(allocate(spec, engine));
    op.lower(
      lowering,
      views,
      outputs.map((output) => output.view),
      attrs,
    );
    engine.runSteps(lowering.steps);
  } catch (error) {
    for (const output of outputs) output.dispose();
    throw error;
  } finally {
    lowering.free();
  }
  for (const index of op.mutates ?? []) inputs[index]!.version++;
  return outputs;
}
