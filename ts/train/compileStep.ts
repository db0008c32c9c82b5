import { apply } from '../core/apply.ts';
import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import { countCorrect } from '../functions/countCorrect.ts';
import type { Module } from '../nn/module.ts';
import { guardFinite } from '../ops/guardFinite.ts';
import { sumSquares } from '../ops/sumSquares.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Shape } from '../base/shape.ts';
import { gradients, isAbsent } from '../core/gradients.ts';
import type { Tensor } from '../core/tensor.ts';
import { batchSpecs } from './batchSpecs.ts';
import type { GradientSums } from './gradientSums.ts';
import { inMode } from '../nn/inMode.ts';
import { lossOf } from './lossOf.ts';
import type { StepPart } from './stepGroup.ts';

/** What is compiled. */
export interface StepOptions {
  /** Of the images, `[N, H, W, C]`. */
  readonly shape: Shape;
  readonly part: StepPart;
  readonly labelSmoothing?: number;
  readonly gradientNorms?: boolean;
  readonly memoryBudget?: number;
}

/** A plan that gives loss, count of right answers and the squares of the named gradients' norms. */
export interface CompiledStep {
  readonly plan: Plan;
  readonly normNames: readonly string[];
  /** Classes that the network tells apart. */
  readonly classes: number;
}

/** Compiles forward, loss, backward and, unless more batches follow before it, the optimizer's update. */
export function compileStep(
  model: Module,
  optimizer: Optimizer,
  { shape, part, labelSmoothing = 0, gradientNorms = false, memoryBudget }: StepOptions,
  sumsOf: () => GradientSums,
): CompiledStep {
  const parameters = new Map([...optimizer.weights].filter(([, { requiresGrad }]) => requiresGrad));
  const updates = part === 'whole' || part === 'last';
  const measured =
    gradientNorms && updates ? [...parameters].filter(([, tensor]) => tensor.shape.length > 1) : [];
  let classes = 0;
  const step = (x: Tensor, labels: Tensor): Tensor[] => {
    const { logits, loss } = lossOf(model, x, labels, { labelSmoothing });
    classes = logits.shape.at(-1)!;
    apply(guardFinite, { x: loss }, {});
    const weights = [...optimizer.weights.values()];
    let dws: readonly Tensor[] = gradients(loss, weights);
    if (part !== 'whole') {
      const sums = sumsOf();
      dws = dws.map((dw, i) => (isAbsent(dw) ? dw : sums.add(weights[i]!, dw, part === 'first')));
    }
    const norms = measured.map(
      ([, weight]) => apply(sumSquares, { x: dws[weights.indexOf(weight)]! }, {}).y,
    );
    if (updates) optimizer.step(dws);
    return [loss, countCorrect(logits, labels), ...norms];
  };
  const plan = inMode(model, true, () => compile(step, batchSpecs(shape), { memoryBudget }));
  return { plan, normNames: measured.map(([name]) => name), classes };
}
