import type { Plan } from '../compile/plan.ts';
import { currentEngine } from '../current.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { DataLoader, type Batch } from '../data/loader.ts';
import { NonFiniteError } from '../errors.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Module } from '../nn/module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { constantSchedule } from '../optim/schedule.ts';
import type { Shape } from '../shape.ts';
import { compileStep, type CompiledStep } from './compileStep.ts';
import { Evaluator, type EvaluateOptions } from './evaluator.ts';
import { eventLoopTurn } from './eventLoopTurn.ts';
import type { FitOptions, FitReport } from './fitOptions.ts';
import { frozenState } from './frozenState.ts';
import { GradientSums } from './gradientSums.ts';
import type { EpochReport, Evaluation } from './metrics.ts';
import { RecentPlans } from './recentPlans.ts';
import { StepGroup, type StepPart, type StepResult } from './stepGroup.ts';
import type { TrainerOptions } from './trainerOptions.ts';

/**
 * Trains a classifier on images. A whole step (forward, loss, backward, optimizer) is compiled once for each batch size
 * and replayed; numbers are those of eager code.
 */
export class Trainer {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly engine: Engine;
  /** Steps done; a resumed run starts from the checkpoint's. */
  step = 0;
  readonly #options: TrainerOptions;
  readonly #steps: RecentPlans<CompiledStep>;
  readonly #evaluator: Evaluator;
  #sums: GradientSums | undefined;

  constructor(model: Module, options: TrainerOptions) {
    this.model = model;
    this.optimizer = options.optimizer;
    this.engine = currentEngine();
    this.#options = options;
    this.#steps = new RecentPlans('Trainer', options);
    this.#evaluator = new Evaluator(model, options);
  }

  /**
   * Trains for some epochs, going on from {@link Trainer.step}: the order of the images depends on the seed and the epoch
   * alone, so that a resumed run sees the batches that an uninterrupted one would have seen.
   *
   * @throws NonFiniteError naming the step and the first op whose result is not finite; weights are then those of the last
   * good step. RangeError for a label out of range or epochs below 1.
   */
  async fit(data: ImageDataset, options: FitOptions): Promise<FitReport> {
    const { epochs, signal, accumulate = 1 } = options;
    if (!Number.isInteger(accumulate) || accumulate < 1) {
      throw new RangeError(
        `fit: accumulate is ${accumulate} but must be a whole number of at least 1`,
      );
    }
    if (!Number.isInteger(epochs) || epochs < 1) {
      throw new RangeError(`fit: epochs is ${epochs} but must be a whole number of at least 1`);
    }
    const { batches } = new DataLoader(data, { batchSize: options.batchSize });
    const perEpoch = Math.ceil(batches / accumulate);
    const reports: EpochReport[] = [];
    while (this.step < epochs * perEpoch && !signal?.aborted) {
      const report = await this.#fitEpoch(data, options, Math.floor(this.step / perEpoch));
      if (!report) break;
      reports.push(report);
      await options.onEpoch?.(report);
    }
    return { steps: this.step, aborted: this.step < epochs * perEpoch, epochs: reports };
  }

  /** Trains one step on a batch: the loss before the update, the share classified right. */
  async trainStep(batch: Batch): Promise<StepResult> {
    return this.#trainPart(batch, 'whole', 1);
  }

  /** Takes the gradients of a batch, and lets the optimizer step after the last of a group. */
  async #trainPart(batch: Batch, part: StepPart, share: number): Promise<StepResult> {
    const { plan, normNames } = this.#compiledStep(batch.shape, part);
    if (part !== 'whole') this.#gradientSums().share = share;
    let outputs;
    try {
      outputs = await plan.run(batch.images, batch.labels);
    } catch (error) {
      if (error instanceof NonFiniteError) error.message = `step ${this.step}: ${error.message}`;
      throw error;
    }
    if (part === 'whole' || part === 'last') this.step++;
    const [loss, correct, ...squares] = outputs.map((output) => output[0]!);
    const accuracy = correct! / batch.labels.length;
    if (normNames.length === 0) return { loss: loss!, accuracy };
    const gradientNorms = Object.fromEntries(
      normNames.map((name, i) => [name, Math.sqrt(squares[i]!)]),
    );
    return { loss: loss!, accuracy, gradientNorms };
  }

  /** Loss and accuracy over a data set, with running statistics and without dropout. */
  evaluate(data: ImageDataset, options?: EvaluateOptions): Promise<Evaluation> {
    return this.#evaluator.evaluate(data, options);
  }

  /** Bytes of activations, gradients and workspaces that a training step of this batch size needs. */
  peakBytes(shape: Shape): number {
    return this.#compiledStep(shape).plan.peakBytes;
  }

  /** The compiled training step for a batch shape `[N, H, W, C]`. */
  plan(shape: Shape): Plan {
    return this.#compiledStep(shape).plan;
  }

  /** Frees the compiled steps; model and optimizer stay. */
  dispose(): void {
    this.#steps.dispose();
    this.#evaluator.dispose();
    this.#sums?.dispose();
    this.#sums = undefined;
  }

  /** Returns nothing when the signal stopped it. */
  async #fitEpoch(
    data: ImageDataset,
    options: FitOptions,
    epoch: number,
  ): Promise<EpochReport | undefined> {
    const { batchSize, seed = 0, augment, signal, epochs, accumulate = 1 } = options;
    const all = Math.ceil(new DataLoader(data, { batchSize }).batches / accumulate);
    const startBatch = (this.step - epoch * all) * accumulate;
    const loader = new DataLoader(data, {
      batchSize,
      seed,
      epoch,
      startBatch,
      shuffle: true,
      reuseBuffers: true,
      ...(augment && { augment }),
    });
    const schedule = this.#options.schedule ?? constantSchedule(this.optimizer.learningRate);
    const started = performance.now();
    let [loss, accuracy, images] = [0, 0, 0];
    let group: StepGroup | undefined;
    let learningRate = this.optimizer.learningRate;
    for await (const batch of loader) {
      if (!group) {
        // A group that has begun is finished: batch norm's statistics have moved already.
        if (signal?.aborted) return undefined;
        learningRate = schedule(this.step, epochs * all);
        this.optimizer.learningRate = learningRate;
        const left = data.count - batch.index * batchSize;
        group = new StepGroup(Math.min(left, accumulate * batchSize), batchSize);
      }
      const share = batch.labels.length / group.images;
      const before = performance.now();
      const result = await this.#trainPart(batch, group.part, share);
      group.add(result, share, performance.now() - before);
      if (!group.complete) {
        await eventLoopTurn();
        continue;
      }
      const { totals } = group;
      group = undefined;
      loss += totals.loss * totals.images;
      accuracy += totals.accuracy * totals.images;
      images += totals.images;
      await options.onStep?.({
        ...result,
        ...totals,
        step: this.step,
        steps: epochs * all,
        epoch,
        epochStep: this.step - epoch * all,
        epochSteps: all,
        learningRate,
      });
      await eventLoopTurn();
    }
    const milliseconds = performance.now() - started;
    const report = {
      epoch,
      epochs,
      loss: loss / images,
      accuracy: accuracy / images,
      milliseconds,
    };
    if (!options.validation || signal?.aborted) return report;
    return { ...report, validation: await this.evaluate(options.validation, { batchSize }) };
  }

  #gradientSums(): GradientSums {
    this.#sums ??= new GradientSums(this.optimizer.parameters.values());
    return this.#sums;
  }

  #compiledStep(shape: Shape, part: StepPart = 'whole'): CompiledStep {
    const key = `${shape.join('×')} ${part} ${frozenState(this.model)}`;
    return this.#steps.get(key, () =>
      compileStep(this.model, this.optimizer, { ...this.#options, shape, part }, () =>
        this.#gradientSums(),
      ),
    );
  }
}
