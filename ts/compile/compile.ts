import { currentEngine } from '../core/init.ts';
import type { Engine } from '../kernels/engine.ts';
import { expectNumber, expectOneOf } from '../base/settings.ts';
import { formatShape, type Spec } from '../base/shape.ts';
import { noGrad } from '../core/tape.ts';
import { capture, type TensorFunction } from './capture.ts';
import { fitMemory } from './fitMemory.ts';
import { lower } from './lower.ts';
import { fuse, optimize } from './optimize.ts';
import { Plan } from './plan.ts';

/** How a function is compiled. */
export interface CompileOptions {
  /** Where the plan runs; the current engine by default. */
  readonly engine?: Engine;
  /** Record for `gradients` inside the function; on by default, as the function may be a whole training step. */
  readonly recording?: boolean;
  /**
   * Most bytes of activations, gradients and workspaces that a training step may need. Values of the forward pass are
   * computed again where gradients need them until it fits, with the same bits; no limit by default.
   */
  readonly memoryBudget?: number;
}

/**
 * Captures a function of tensors once and makes a plan of it for these input shapes. Parameters, statistics and
 * optimizer state that the function meets are worked on where they are. What depends on unchanging ones alone, such as
 * packed weights, is computed here, and again by the first run after one of them was written.
 *
 * @throws ShapeError where shapes do not fit; RangeError for an input that is no tensor; OutOfMemoryError, saying how much it needs, or the least that can be reached
 * under a budget; Error when the function reads a value while it is captured.
 * @example
 * import { compile, relu } from 'residua';
 *
 * const plan = compile((x) => relu(x), [{ shape: [1, 4], dtype: 'f32' }]);
 * const [y] = await plan.run(new Float32Array([-1, 0, 1, 2]));
 * console.log(y);
 */
export function compile(
  fn: TensorFunction,
  inputs: readonly Spec[],
  options: CompileOptions = {},
): Plan {
  inputs.forEach(checkSpec);
  if (options.memoryBudget !== undefined)
    expectNumber('compile', 'memoryBudget', options.memoryBudget, { least: 1 });
  const engine = options.engine ?? currentEngine();
  const run = (): ReturnType<typeof capture> => capture(fn, inputs);
  const captured = options.recording === false ? noGrad(run) : run();
  const { memoryBudget } = options;
  const winograd = engine.numerics === 'fast';
  if (memoryBudget !== undefined) {
    const { graph, lowered } = fitMemory(fuse(captured, winograd), engine, memoryBudget);
    return new Plan(engine, graph, lowered);
  }
  const graph = optimize(captured, winograd);
  return new Plan(engine, graph, lower(graph, engine));
}

function checkSpec({ shape, dtype }: Spec, index: number): void {
  expectOneOf('compile', `dtype of input ${index}`, dtype, ['f32', 'i32']);
  if (shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return;
  throw new RangeError(
    `compile: input ${index} has shape ${formatShape(shape)} but its axes must be whole numbers ≥ 0`,
  );
}
