import { currentEngine } from './init.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Buffer, Pointer, Step } from '../kernels/step.ts';
import type { AnyOp, Lowering } from '../ops/op.ts';
import { entries, items, mapTree, type Tree } from '../ops/places.ts';
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
export function runEagerly(
  op: AnyOp,
  inputs: Tree<Tensor>,
  attrs: unknown,
  specs: Tree<Spec>,
): Tree<Tensor> {
  const engine = items(inputs)[0]?.stored.engine ?? currentEngine();
  op.expectKernels?.(engine);
  const views = mapTree(inputs, (input) => {
    if (input.stored.engine !== engine)
      throw new Error(
        `${op.name}: its inputs live on two engines: useEngine() with that of the model before tensors are made for it`,
      );
    return input.view;
  });
  const made: Tensor[] = [];
  const lowering = new EagerLowering(engine);
  try {
    const outputs = mapTree(specs, (spec) => {
      const output = allocate(spec, engine);
      made.push(output);
      return output;
    });
    const written = mapTree(outputs, (output) => output.view);
    op.lower(lowering, views, written, attrs);
    engine.runSteps(lowering.steps);
    for (const [name, input] of entries(inputs)) {
      if (op.mutates?.includes(name)) input.version++;
    }
    return outputs;
  } catch (error) {
    for (const output of made) output.dispose();
    throw error;
  } finally {
    lowering.free();
  }
}
