import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import { softmax } from '../functions/softmax.ts';
import type { Module } from '../nn/module.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { inMode } from './inMode.ts';

/** Runs a model on batches: compiled once for each shape, batch norm folded, weights packed. */
export class Predictor {
  readonly model: Module;
  readonly #plans = new Map<string, Plan>();

  constructor(model: Module) {
    this.model = model;
  }

  /** The compiled forward pass for images `[N, H, W, C]`; its outputs are logits and probabilities. */
  plan(shape: Shape): Plan {
    const key = shape.join('×');
    let plan = this.#plans.get(key);
    if (!plan) {
      const predict = (x: Tensor): Tensor[] => {
        const logits = this.model.forward(x);
        return [logits, softmax(logits)];
      };
      plan = inMode(this.model, false, () =>
        compile(predict, [{ shape, dtype: 'f32' }], { recording: false }),
      );
      this.#plans.set(key, plan);
    }
    return plan;
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

  dispose(): void {
    for (const plan of this.#plans.values()) plan.dispose();
    this.#plans.clear();
  }
}
