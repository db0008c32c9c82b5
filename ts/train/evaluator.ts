import { dispose } from '../base/symbols.ts';
import { compile } from '../compile/compile.ts';
import type { Plan } from '../compile/plan.ts';
import { checkDataset, type ImageDataset } from '../data/dataset.ts';
import { DataLoader } from '../data/loader.ts';
import { countCorrect } from '../functions/countCorrect.ts';
import { crossEntropy } from '../functions/crossEntropy.ts';
import type { Module } from '../nn/module.ts';
import type { Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { batchSpecs } from './batchSpecs.ts';
import { checkData } from './checkData.ts';
import { eventLoopTurn } from '../kernels/eventLoopTurn.ts';
import { inMode } from '../nn/inMode.ts';
import type { Evaluation } from './metrics.ts';
import { readAs, type Warn } from './readAs.ts';
import { engineOf } from './engineOf.ts';
import { RecentPlans, type PlanLimit } from './recentPlans.ts';
import { SettingsWatch } from './settingsWatch.ts';
import { expectOptions, type OptionNames } from '../base/settings.ts';

/** How an evaluation goes through its images. */
export interface EvaluateOptions {
  /** 128 by default. */
  readonly batchSize?: number;
  /** Ends it with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onBatch?: (done: number, all: number) => void;
}

const OPTIONS: OptionNames<EvaluateOptions> = { batchSize: 1, signal: 1, onBatch: 1 };

/** Measures a classifier on images; a plan is compiled once for each batch shape and state of its settings. */
export class Evaluator implements Disposable {
  readonly #model: Module;
  readonly #warn: Warn;
  readonly #settings = new SettingsWatch(false);
  readonly #plans: RecentPlans<{ readonly plan: Plan }>;

  constructor(model: Module, warn: Warn, options: PlanLimit = {}) {
    this.#model = model;
    this.#warn = warn;
    this.#plans = new RecentPlans('Evaluator', options);
  }

  /** Loss and accuracy over a data set, with running statistics and without dropout. */
  async evaluate(
    data: ImageDataset,
    options: EvaluateOptions = {},
    place: 'evaluate' | 'validation' = 'evaluate',
  ): Promise<Evaluation> {
    expectOptions(place, options, OPTIONS);
    const loader = new DataLoader(this.check(data, place), {
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

  /** The data set as the network reads it, when that can be measured on it. Throws as {@link checkData}. */
  check(data: ImageDataset, place: 'evaluate' | 'validation'): ImageDataset {
    const checked = checkDataset(readAs(this.#model, data, place, this.#warn));
    checkData(this.#model, checked, place, [1], this.#warn);
    return checked;
  }

  /** Frees the plans; the model stays. */
  dispose(): void {
    this.#plans.dispose();
  }

  [dispose](): void {
    this.dispose();
  }

  #plan(shape: Shape): Plan {
    const measure = (x: Tensor, labels: Tensor): Tensor[] => {
      const logits = this.#model.forward(x);
      return [crossEntropy(logits, labels), countCorrect(logits, labels)];
    };
    const make = (): Plan =>
      inMode(this.#model, false, () =>
        compile(measure, batchSpecs(shape), { engine: engineOf(this.#model), recording: false }),
      );
    const key = `${shape.join('×')} ${this.#settings.state(this.#model)}`;
    return this.#plans.get(key, () => ({ plan: make() })).plan;
  }
}
