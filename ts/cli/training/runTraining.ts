import { NonFiniteError } from '../../base/errors.ts';
import { runtimeName } from '../../inspect/runtimeName.ts';
import type { CheckpointInfo } from '../../train/checkpoint.ts';
import type { EpochReport, Evaluation, StepReport } from '../../train/metrics.ts';
import { renderReport } from '../../train/node/report.ts';
import { RunDirectory } from '../../train/node/runDirectory.ts';
import { runName } from '../../train/node/runName.ts';
import { RUNS } from '../loading/findCheckpoint.ts';
import { percent, plural } from '../terminal/format.ts';
import { Interrupt } from '../terminal/interrupt.ts';
import { epochMeans } from './epochMeans.ts';
import { prepareTraining, type Prepared } from './prepareTraining.ts';
import { printResult, say } from '../terminal/say.ts';
import { Stopwatch } from '../terminal/stopwatch.ts';
import type { TrainFlags } from './trainFlags.ts';
import { TrainProgress } from './trainProgress.ts';
import { describeResult, resultRows, settingRows, type TrainResult } from './trainResult.ts';
import { augmentation } from './trainSettings.ts';

/** Gradient norms are kept of about so many steps of a run. */
const NORM_RECORDS = 200;
/** Room for metrics and report, beside the checkpoint that is written twice before the old one goes. */
const SPARE_BYTES = 4e6;

/** Trains as the command line says; returns the exit code. */
export async function train(flags: TrainFlags, given: ReadonlySet<string>): Promise<number> {
  const prepared = await prepareTraining(flags, given);
  const progress = new TrainProgress(prepared.settings.epochs);
  const interrupt = new Interrupt('stopping after this step; Ctrl-C again quits at once', () =>
    progress.clear(),
  );
  const directory = await openDirectory(prepared, flags.out);
  let result: TrainResult;
  try {
    const run = new TrainingRun(prepared, directory, interrupt, progress);
    await run.begin();
    await run.catchUp();
    result = await run.fit();
    await run.end(result);
  } finally {
    await directory.close();
  }
  prepared.engine.close();
  const shown = { directory: directory.path, ...result };
  printResult(Boolean(flags.json), shown, () => `\n${describeResult(result, directory.path)}`);
  return result.aborted ? Interrupt.exitCode : 0;
}

async function openDirectory(prepared: Prepared, out: string | undefined): Promise<RunDirectory> {
  const { settings, resumeIn, trainer, assertUnchanged } = prepared;
  if (resumeIn !== undefined) return RunDirectory.resume(resumeIn, trainer.step, assertUnchanged);
  if (out !== undefined) return RunDirectory.create(out);
  return RunDirectory.createFresh(RUNS, runName(settings.model, settings.data));
}

/** A run while it lasts: what it writes after steps and epochs. */
class TrainingRun {
  readonly #prepared: Prepared;
  readonly #directory: RunDirectory;
  readonly #interrupt: Interrupt;
  readonly #progress: TrainProgress;
  readonly #watch: Stopwatch;
  #images = 0;
  #savedStep: number | undefined;
  #test: Evaluation | undefined;

  constructor(
    prepared: Prepared,
    directory: RunDirectory,
    interrupt: Interrupt,
    progress: TrainProgress,
  ) {
    this.#prepared = prepared;
    this.#directory = directory;
    this.#interrupt = interrupt;
    this.#progress = progress;
    this.#watch = new Stopwatch(prepared.secondsBefore);
  }

  async begin(): Promise<void> {
    const { settings, trainer, engine, batchShape, train, steps } = this.#prepared;
    const plan = trainer.plan(batchShape);
    await this.#directory.reserve(2 * plan.stateBytes + SPARE_BYTES);
    const { threads, build, simd } = engine;
    await this.#directory.writeConfig({
      ...settings,
      threads,
      build,
      simd,
      runtime: runtimeName(),
      started: new Date().toISOString(),
      ...(trainer.step > 0 && { resumedAtStep: trainer.step }),
    });
    if (this.#prepared.resumeIn !== undefined && trainer.step > 0) this.#savedStep = trainer.step;
    const [batch, ...image] = batchShape;
    const epochs = plural(settings.epochs, 'epoch');
    say(
      `${settings.model} on ${settings.data}: ${train.count} images ${image.join('×')}, ${epochs} of batch ${batch}`,
    );
    say(
      `build ${build}, ${simd} bits, ${plural(threads, 'thread')}, ${settings.numerics} numerics`,
    );
    const from = trainer.step > 0 ? `, from step ${trainer.step} of ${steps}` : '';
    say(`run directory ${this.#directory.path}${from}`);
  }

  /** Tests the epoch that had ended when its run was killed or stopped, and notes it, unless that was done then. */
  async catchUp(): Promise<void> {
    const { trainer, epochCut, resumeIn } = this.#prepared;
    const { step } = trainer;
    if (resumeIn === undefined || step === 0 || step % epochCut.steps !== 0) return;
    const noted = this.#directory.metrics.records.find(
      (record) => record.kind === 'epoch' && record.step === step,
    );
    this.#test = noted?.kind === 'epoch' ? noted.test : undefined;
    if (!this.#test) await this.#endEpoch(step / epochCut.steps - 1);
  }

  async fit(): Promise<TrainResult> {
    const { settings, trainer, train, facts, secondsBefore } = this.#prepared;
    this.#watch.start();
    this.#progress.resume();
    let aborted: boolean;
    try {
      ({ aborted } = await trainer.fit(train, {
        until: settings.epochs,
        batchSize: settings.batch,
        accumulate: settings.accumulate,
        dropLast: settings.dropLast,
        seed: settings.seed,
        ...(settings.augment && { augment: augmentation(facts) }),
        signal: this.#interrupt.signal,
        onStep: (report) => this.#onStep(report),
        onEpoch: (report) => this.#onEpoch(report),
      }));
    } catch (error) {
      throw await this.#explain(error);
    }
    this.#watch.pause();
    this.#progress.clear();
    const seconds = this.#watch.seconds;
    return this.#result(aborted || this.#test === undefined, seconds, seconds - secondsBefore);
  }

  /** Writes what a finished or stopped run leaves. */
  async end(result: TrainResult): Promise<void> {
    await this.#save();
    const { settings } = this.#prepared;
    await this.#directory.writeReport(
      renderReport({
        title: `${settings.model} on ${settings.data}`,
        records: this.#directory.metrics.records,
        results: resultRows(result),
        settings: settingRows(settings),
      }),
    );
    // Last, as it says that nothing is missing.
    await this.#directory.writeResult(result);
  }

  async #onStep(report: StepReport): Promise<void> {
    const { step, steps, epoch, loss, accuracy, learningRate, gradientNorms } = report;
    this.#images += report.images;
    this.#test = undefined;
    this.#progress.step(report);
    const every = Math.max(1, Math.round(steps / NORM_RECORDS));
    await this.#directory.metrics.add({
      kind: 'step',
      step,
      epoch,
      loss,
      accuracy,
      learningRate,
      milliseconds: Math.round(1000 * report.milliseconds) / 1000,
      ...(step % every === 0 && gradientNorms && { gradientNorms }),
    });
  }

  /** Saves first: an interrupted test must not cost the epoch. */
  async #onEpoch({ epoch }: EpochReport): Promise<void> {
    this.#watch.pause();
    await this.#save();
    await this.#endEpoch(epoch);
    this.#watch.start();
    this.#progress.resume();
  }

  /** Tests what an epoch has made, and notes it. */
  async #endEpoch(epoch: number): Promise<void> {
    const { trainer, settings, epochCut } = this.#prepared;
    const { metrics } = this.#directory;
    const means = epochMeans(metrics.records, epoch, epochCut);
    this.#test = await this.#evaluate();
    this.#progress.clear();
    await metrics.replace({
      kind: 'epoch',
      step: trainer.step,
      epoch,
      ...means,
      ...(this.#test && { test: this.#test }),
      trainSeconds: this.#watch.seconds,
    });
    await metrics.flush();
    const figures = (of: { loss: number; accuracy: number }): string =>
      `loss ${of.loss.toFixed(4)}, ${percent(of.accuracy)}`;
    const test = this.#test ? `; test ${figures(this.#test)}` : '';
    say(`epoch ${epoch + 1}/${settings.epochs}: training ${figures(means)}${test}`);
  }

  /** Nothing when it was interrupted. */
  async #evaluate(): Promise<Evaluation | undefined> {
    const { trainer, test, settings } = this.#prepared;
    const { signal } = this.#interrupt;
    try {
      return await trainer.evaluate(test, {
        batchSize: settings.batch,
        signal,
        onBatch: (done, all) => this.#progress.evaluated(done, all),
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  async #save(): Promise<void> {
    const { trainer, settings, modelOptions, facts } = this.#prepared;
    await this.#directory.metrics.flush();
    if (this.#savedStep === trainer.step) return;
    const info: CheckpointInfo = {
      model: settings.model,
      modelOptions,
      data: facts,
      seed: settings.seed,
      settings: { train: settings, trainSeconds: this.#watch.seconds },
    };
    await this.#directory.writeCheckpoint(trainer, info);
    this.#savedStep = trainer.step;
  }

  /** What a person needs to know when training failed: which checkpoint is left. */
  async #explain(error: unknown): Promise<unknown> {
    this.#progress.clear();
    await this.#directory.metrics.flush();
    if (!(error instanceof NonFiniteError)) return error;
    const kept =
      this.#savedStep === undefined
        ? 'there is no checkpoint yet'
        : `the checkpoint of step ${this.#savedStep} is kept`;
    return new NonFiniteError(
      `${error.message}: training stopped, ${kept} (${this.#directory.path})`,
    );
  }

  #result(aborted: boolean, trainSeconds: number, seconds: number): TrainResult {
    const { trainer, engine, settings, batchShape, steps } = this.#prepared;
    const { peakBytes, stateBytes } = trainer.plan(batchShape);
    return {
      testAccuracy: this.#test?.accuracy ?? null,
      testLoss: this.#test?.loss ?? null,
      testImages: this.#test?.images ?? null,
      trainSeconds,
      imagesPerSecond: this.#images > 0 ? this.#images / seconds : null,
      step: trainer.step,
      steps,
      epochs: settings.epochs,
      peakBytes,
      stateBytes,
      build: engine.build,
      simd: engine.simd,
      threads: engine.threads,
      numerics: settings.numerics,
      runtime: runtimeName(),
      model: settings.model,
      data: settings.data,
      aborted,
    };
  }
}
