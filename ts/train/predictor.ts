import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import { softmax } from '../functions/softmax.ts';
import type { Module } from '../nn/module.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { inMode } from './inMode.ts';
import { RecentPlans, type PlanLimit } from './recentPlans.ts';

/** How a `Predictor` runs. */
export type PredictorOptions = PlanLimit;

/** Runs a model on batches: compiled once for each shape, batch norm folded, weights packed. */
export class Predictor {
  readonly model: Module;
  readonly #plans: RecentPlans<{ readonly plan: Plan }>;

  /** Throws RangeError for a number of plans below 1. */
  constructor(model: Module, options: PredictorOptions = {}) {
    this.model = model;
    this.#plans = new RecentPlans('Predictor', options);
  }

  /** The compiled forward pass for images `[N, H, W, C]`; its outputs are logits and probabilities. */
  plan(shape: Shape): Plan {
    const predict = (x: Tensor): Tensor[] => {
      const logits = this.model.forward(x);
      return [logits, softmax(logits)];
    };
    const make = (): Plan =>
      inMode(this.model, false, () =>
        compile(predict, [{ shape, dtype: 'f32' }], { recording: false }),
      );
    return this.#plans.get(shape.join('×'), () => ({ plan: make() })).plan;
  }

  /** Logits of images, row by row. Throws RangeError when the values do not fill the shape. */
  async logits(images: Float32Array, shape: Shape): Promise<Float32Array> {
    const [logits] = await this.plan(shape).run(images);
    return logits as Float32Array;
  }

  /** Class probabilities of images, `[N, classes]` row by row. */
  async probabilities(images: Float32Array, shape: Shape): Promise<Float32Array> {
    const [, probabilities] = await this.plan(shape).run(images);
    return probabilities as Float32Array;
  }

  /** Frees the plans; runs that have been asked for go on to their end, and the model stays. */
  dispose(): void {
    this.#plans.dispose();
  }
}
