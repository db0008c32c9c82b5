import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { DataLoader } from '../data/loader.ts';
import { countCorrect } from '../functions/countCorrect.ts';
import { crossEntropy } from '../functions/crossEntropy.ts';
import type { Module } from '../nn/module.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { batchSpecs } from './batchSpecs.ts';
import { eventLoopTurn } from './eventLoopTurn.ts';
import { inMode } from './inMode.ts';
import type { Evaluation } from './metrics.ts';
import { RecentPlans, type PlanLimit } from './recentPlans.ts';

/** How an evaluation goes through its images. */
export interface EvaluateOptions {
  /** 128 by default. */
  readonly batchSize?: number;
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onBatch?: (done: number, all: number) => void;
}

/** Measures a classifier on images; a plan is compiled once for each batch shape. */
export class Evaluator {
  readonly #model: Module;
  readonly #plans: RecentPlans<{ readonly plan: Plan }>;

  constructor(model: Module, options: PlanLimit = {}) {
    this.#model = model;
    this.#plans = new RecentPlans('Evaluator', options);
  }

  /** Loss and accuracy over a data set, with running statistics and without dropout. */
  async evaluate(data: ImageDataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    const loader = new DataLoader(data, {
      batchSize: Math.min(options.batchSize ?? 128, data.count),
    });
    let [loss, correct, images] = [0, 0, 0];
    for await (const batch of loader) {
      options.signal?.throwIfAborted();
      const plan = this.#plan(batch.shape);
      const [batchLoss, batchCorrect] = await plan.run(batch.images, batch.labels);
      const count = batch.labels.length;
      loss += batchLoss![0]! * count;
      correct += batchCorrect![0]!;
      images += count;
      options.onBatch?.(images, data.count);
      await eventLoopTurn();
    }
    return { loss: loss / images, accuracy: correct / images, images };
  }

  /** Frees the plans; the model stays. */
  dispose(): void {
    this.#plans.dispose();
  }

  #plan(shape: Shape): Plan {
    const measure = (x: Tensor, labels: Tensor): Tensor[] => {
      const logits = this.#model.forward(x);
      return [crossEntropy(logits, labels), countCorrect(logits, labels)];
    };
    const make = (): Plan =>
      inMode(this.#model, false, () => compile(measure, batchSpecs(shape), { recording: false }));
    return this.#plans.get(shape.join('×'), () => ({ plan: make() })).plan;
  }
}
