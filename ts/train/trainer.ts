import type { Plan } from '../compile/plan.ts';
import { currentEngine } from '../core/init.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { DataLoader, type Batch } from '../data/loader.ts';
import { NonFiniteError } from '../base/errors.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Module } from '../nn/module.ts';
import { dropoutState } from '../nn/seed.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { expectNumber, expectWhole, shown } from '../base/settings.ts';
import type { Shape } from '../base/shape.ts';
import { checkOptions } from './checkOptions.ts';
import { batchSizes, checkData } from './checkData.ts';
import { compileStep, type CompiledStep } from './compileStep.ts';
import { Evaluator, type EvaluateOptions } from './evaluator.ts';
import { eventLoopTurn } from './eventLoopTurn.ts';
import type { FitOptions, FitReport } from './fitOptions.ts';
import { GradientSums } from './gradientSums.ts';
import type { EpochReport, Evaluation } from './metrics.ts';
import { nonFinite } from './nonFinite.ts';
import { noteNormalisation, readAs, type Warn } from './readAs.ts';
import { RecentPlans } from './recentPlans.ts';
import { runOf, type Run, type RunStart } from './runPosition.ts';
import { sayOnce } from './sayOnce.ts';
import { SettingsWatch } from './settingsWatch.ts';
import { snapshot } from './snapshot.ts';
import { StepGroup, type StepPart, type StepResult } from './stepGroup.ts';
import type { TrainerOptions } from './trainerOptions.ts';

/** Pixels of a side. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Trains a classifier on images. A whole step (forward, loss, backward, optimizer) is compiled once for each batch size
 * and replayed; numbers are those of eager code. A setting of the network that is changed, such as dropout's `p`, or what is
 * frozen, counts from the next step on.
 *
 * @example
 * import { imageDataset, oneCycleSchedule, resnet8, SGD, Trainer } from 'residua';
 *
 * const data = imageDataset({
 *   name: 'stripes',
 *   images: Uint8Array.from({ length: 8 * 64 }, (_, i) => (i % 2 === Math.floor(i / 256) ? 255 : 0)),
 *   labels: Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1),
 *   height: 8,
 *   width: 8,
 *   channels: 1,
 *   classes: ['left', 'right'],
 * });
 * const model = resnet8({ inChannels: 1, numClasses: 2, seed: 1 });
 * const optimizer = new SGD(model.parameters(), { momentum: 0.9 });
 * const trainer = new Trainer(model, { optimizer, schedule: oneCycleSchedule(0.05) });
 * await trainer.fit(data, { epochs: 3, batchSize: 4, seed: 1 });
 * console.log(await trainer.evaluate(data));
 */
export class Trainer {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly engine: Engine;
  /** Steps done; a resumed run starts from the checkpoint's. */
  step = 0;
  /** Where the run began that `fit({ until })` goes on with; a resumed run has the checkpoint's. */
  begun: RunStart = { step: 0, epoch: 0 };
  /** The largest images of the steps done, each side by itself; a resumed run has the checkpoint's, if it says them. */
  trainedOn: ImageSize | undefined;
  readonly #options: TrainerOptions;
  readonly #settings = new SettingsWatch(true);
  readonly #steps: RecentPlans<CompiledStep>;
  readonly #evaluator: Evaluator;
  readonly #warn: Warn;
  #run: Run | undefined;
  /** Puts state back to what it was before the first batch of a group. */
  #putBack: (() => void) | undefined;
  #sums: GradientSums | undefined;

  /** Throws TypeError for an optimizer or schedule that is none, RangeError for a number out of its range. */
  constructor(model: Module, options: TrainerOptions) {
    checkOptions(options);
    this.model = model;
    this.optimizer = options.optimizer;
    this.engine = currentEngine();
    this.#options = { ...options };
    this.#warn = sayOnce(options.warn ?? ((message) => console.warn(message)));
    this.#steps = new RecentPlans('Trainer', options);
    this.#evaluator = new Evaluator(model, this.#warn, options);
  }

  /**
   * Trains for some epochs. The order of the images depends on the seed and the epoch alone, so that a run that is taken up
   * again sees the batches that an uninterrupted one would have seen.
   *
   * @throws NonFiniteError naming the step and the first op whose result is not finite; weights are then those of the last
   * good step, but where its update itself made one. RangeError for a label out of range, or an option that is.
   */
  async fit(data: ImageDataset, options: FitOptions): Promise<FitReport> {
    const { signal, accumulate = 1, batchSize, dropLast } = options;
    expectWhole('fit', 'accumulate', accumulate);
    const own = this.check(data, options);
    const { batches } = new DataLoader(own, { batchSize, dropLast });
    const run = runOf(options, own, batches, this.step, this.begun, this.#lastRun());
    noteNormalisation(this.model, own);
    this.#run = run;
    this.begun = run.begun;
    const end = run.begun.step + run.epochs * run.epochSteps;
    const reports: EpochReport[] = [];
    while (this.step < end && !signal?.aborted) {
      const report = await this.#fitEpoch(own, options, run);
      if (!report) break;
      reports.push(report);
      await options.onEpoch?.(report);
    }
    return { steps: this.step, aborted: this.step < end, epochs: reports };
  }

  /**
   * What {@link Trainer.fit} looks at before its first step: that the network takes the images, in all batches that an epoch has,
   * and tells their classes apart. Gives the data set as the network reads it.
   *
   * @throws {ShapeError} when it does not take the images, or the last batch is too small for it
   * @throws {RangeError} when a label is none of its classes, or an option is out of its range
   * @throws {FormatError} for a data set that is none
   */
  check(
    data: ImageDataset,
    options: Pick<FitOptions, 'batchSize' | 'dropLast' | 'validation'>,
  ): ImageDataset {
    const { batchSize, dropLast, validation } = options;
    const own = readAs(this.model, data, 'fit', this.#warn);
    const { dataset } = new DataLoader(own, { batchSize, dropLast });
    const sizes = batchSizes(dataset.count, batchSize, dropLast ?? false);
    checkData(this.model, dataset, 'fit', sizes, this.#warn);
    if (validation) this.#evaluator.check(validation, 'validation');
    return dataset;
  }

  /** Trains one step on a batch: the loss before the update, the share classified right. */
  async trainStep(batch: Batch): Promise<StepResult> {
    return this.#trainPart(batch, 'whole', 1);
  }

  /** Takes the gradients of a batch, and lets the optimizer step after the last of a group. */
  async #trainPart(batch: Batch, part: StepPart, share: number): Promise<StepResult> {
    if (batch.normalisation && !this.model.normalisation)
      noteNormalisation(this.model, batch.normalisation);
    const { plan, normNames, classes } = this.#compiledStep(batch.shape, part);
    const beyond = batch.labels.findIndex(
      (label) => !Number.isInteger(label) || label < 0 || label >= classes,
    );
    if (beyond >= 0) {
      throw new RangeError(
        `step ${this.step}: label ${beyond} of the batch is ${shown(batch.labels[beyond])} but the network tells ${classes} ` +
          `classes apart (0 to ${classes - 1})`,
      );
    }
    if (part !== 'whole') this.#gradientSums().share = share;
    if (part === 'first')
      this.#putBack = snapshot([...this.model.buffers().values(), dropoutState()]);
    let outputs;
    try {
      outputs = await plan.run(batch.images, batch.labels);
    } catch (error) {
      if (error instanceof NonFiniteError) {
        error.message = `step ${this.step}: ${error.message}`;
        // The batches of the group before this one have moved statistics.
        if (part === 'middle' || part === 'last') this.#putBack?.();
      }
      throw error;
    }
    if (part === 'whole' || part === 'last') this.step++;
    this.#noteSize(batch.shape);
    const [loss, correct, ...squares] = outputs.map((output) => output[0]!);
    const accuracy = correct! / batch.labels.length;
    if (normNames.length === 0) return { loss: loss!, accuracy };
    const gradientNorms = Object.fromEntries(
      normNames.map((name, i) => [name, Math.sqrt(squares[i]!)]),
    );
    return { loss: loss!, accuracy, gradientNorms };
  }

  #noteSize([, height = 0, width = 0]: Shape): void {
    const before = this.trainedOn;
    if (before && before.height >= height && before.width >= width) return;
    this.trainedOn = {
      height: Math.max(height, before?.height ?? 0),
      width: Math.max(width, before?.width ?? 0),
    };
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

  /** The run that was fitted last, unless a checkpoint has been restored since. */
  #lastRun(): Run | undefined {
    return this.#run?.begun === this.begun ? this.#run : undefined;
  }

  /** The rest of an epoch. Returns nothing when the signal stopped it. */
  async #fitEpoch(
    data: ImageDataset,
    options: FitOptions,
    { begun, epochs, epochSteps }: Run,
  ): Promise<EpochReport | undefined> {
    const { batchSize, seed = 0, augment, dropLast, signal, accumulate = 1 } = options;
    const before = Math.floor((this.step - begun.step) / epochSteps);
    const first = begun.step + before * epochSteps;
    const [epoch, all] = [begun.epoch + before, begun.epoch + epochs];
    const loader = new DataLoader(data, {
      batchSize,
      seed,
      epoch,
      startBatch: (this.step - first) * accumulate,
      shuffle: true,
      reuseBuffers: true,
      dropLast,
      ...(augment && { augment }),
    });
    const used = Math.min(data.count, loader.batches * batchSize);
    const started = performance.now();
    let [loss, accuracy, images] = [0, 0, 0];
    let group: StepGroup | undefined;
    let learningRate = this.optimizer.learningRate;
    for await (const batch of loader) {
      if (!group) {
        // A group that has begun is finished: batch norm's statistics have moved already.
        if (signal?.aborted) return undefined;
        learningRate = this.#setRate(this.step - begun.step, epochs * epochSteps);
        const left = used - batch.index * batchSize;
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
        steps: begun.step + epochs * epochSteps,
        epoch,
        epochStep: this.step - first,
        epochSteps,
        learningRate,
      });
      await eventLoopTurn();
    }
    this.#assertFinite();
    const milliseconds = performance.now() - started;
    const report = {
      epoch,
      epochs: all,
      loss: loss / images,
      accuracy: accuracy / images,
      milliseconds,
    };
    if (!options.validation || signal?.aborted) return report;
    const { validation } = options;
    return {
      ...report,
      validation: await this.#evaluator.evaluate(validation, { batchSize }, 'validation'),
    };
  }

  /** A loss is guarded before its step, so that nothing guards what the last step of an epoch has made. */
  #assertFinite(): void {
    const found = nonFinite([...this.model.stateDict(), ...this.optimizer.state()]);
    if (found) throw new NonFiniteError(`step ${this.step - 1}: its update made ${found}`);
  }

  /** The rate of a step of a run, which the optimizer has from now on; without a schedule it is the optimizer's own. */
  #setRate(step: number, steps: number): number {
    const { schedule } = this.#options;
    if (!schedule) return this.optimizer.learningRate;
    const rate = schedule(step, steps);
    expectNumber('fit', `the schedule's rate of step ${step} of ${steps}`, rate, { least: 0 });
    this.optimizer.learningRate = rate;
    return rate;
  }

  #gradientSums(): GradientSums {
    this.#sums ??= new GradientSums();
    return this.#sums;
  }

  #compiledStep(shape: Shape, part: StepPart = 'whole'): CompiledStep {
    const key = (): string =>
      `${shape.join('×')} ${part} ${this.#settings.state(this.model, this.optimizer)}`;
    // The optimizer may make state meanwhile.
    return this.#steps.get(key, () =>
      compileStep(this.model, this.optimizer, { ...this.#options, shape, part }, () =>
        this.#gradientSums(),
      ),
    );
  }
}
