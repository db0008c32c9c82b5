import { basename, dirname, resolve } from 'node:path';
import type { ImageDataset } from '../data/dataset.ts';
import type { DatasetFacts } from '../data/catalog.ts';
import { DataLoader } from '../data/loader.ts';
import { loadDataset } from '../data/node/datasets.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Safetensors } from '../io/safetensors.ts';
import type { ModelOptions } from '../models/registry.ts';
import type { Shape } from '../shape.ts';
import { checkpointFacts, restoreCheckpoint } from '../train/checkpoint.ts';
import { loadCheckpoint } from '../train/node/checkpointFile.ts';
import { refuseOldRun, RUN_FILES } from '../train/node/runDirectory.ts';
import { Trainer } from '../train/trainer.ts';
import { showDownload } from './downloadProgress.ts';
import { findCheckpoint } from './findCheckpoint.ts';
import { findModel } from './findModel.ts';
import { startEngine } from './startEngine.ts';
import { stemFor } from './stemFor.ts';
import { resumedSettings, settingsOf, type TrainFlags } from './trainFlags.ts';
import { makeOptimizer, makeSchedule, type TrainSettings } from './trainSettings.ts';

/** A training run that is ready for its next step. */
export interface Prepared {
  readonly settings: TrainSettings;
  readonly train: ImageDataset;
  readonly test: ImageDataset;
  readonly engine: Engine;
  readonly trainer: Trainer;
  readonly modelOptions: ModelOptions;
  readonly facts: DatasetFacts;
  /** Shape of a whole batch. */
  readonly batchShape: Shape;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Directory of the run that goes on in its place. */
  readonly resumeIn: string | undefined;
  /** Seconds that the run had trained before. */
  readonly secondsBefore: number;
}

interface Resumed {
  readonly file: string;
  readonly contents: Safetensors;
  readonly secondsBefore: number;
  readonly settings: TrainSettings;
}

/** Checks and loads everything that a run needs; nothing is written yet. */
export async function prepareTraining(
  flags: TrainFlags,
  given: ReadonlySet<string>,
): Promise<Prepared> {
  const resumed =
    flags.resume === undefined ? undefined : await readRun(flags.resume, flags, given);
  const resumeIn = resumed && runInPlace(resumed.file, flags.out);
  if (flags.out !== undefined && resumeIn === undefined) await refuseOldRun(flags.out);
  const settings = resumed?.settings ?? settingsOf(flags);
  const { make } = findModel(settings.model);
  const load = (split: 'train' | 'test', limit?: number): Promise<ImageDataset> =>
    loadDataset(settings.data, {
      split,
      directory: flags.dataDir,
      limit,
      onProgress: showDownload,
    });
  const train = await load('train', settings.limit);
  const test = await load('test', settings.testLimit);
  const { name, height, width, channels, classes, mean, std } = train;
  const facts = { name, height, width, channels, classes, mean, std };

  const engine = await startEngine({ ...flags, numerics: settings.numerics });
  const modelOptions = { numClasses: classes.length, inChannels: channels, ...stemFor(height) };
  const model = make({ ...modelOptions, seed: settings.seed });
  const trainer = new Trainer(model, {
    optimizer: makeOptimizer(model, settings),
    schedule: makeSchedule(settings),
    labelSmoothing: settings.labelSmoothing,
    gradientNorms: true,
    memoryBudget: flags.memoryBudget,
  });
  if (resumed) restoreCheckpoint(trainer, resumed.contents, resumed.file);
  const { batch, dropLast = false } = settings;
  const { batches } = new DataLoader(train, { batchSize: batch, dropLast });
  const steps = settings.epochs * Math.ceil(batches / (settings.accumulate ?? 1));
  if (trainer.step >= steps) {
    throw new Error(
      `${resumed!.file}: resume: all ${steps} steps are done: ask for more --epochs to go on`,
    );
  }
  const batchShape = [Math.min(settings.batch, train.count), height, width, channels];
  trainer.check(train, { batchSize: batch, dropLast, validation: test });
  // Compiling now tells of a lack of memory before anything is written.
  trainer.plan(batchShape);
  const secondsBefore = resumed?.secondsBefore ?? 0;
  return {
    settings,
    train,
    test,
    engine,
    trainer,
    modelOptions,
    facts,
    batchShape,
    steps,
    resumeIn,
    secondsBefore,
  };
}

async function readRun(
  path: string,
  flags: TrainFlags,
  given: ReadonlySet<string>,
): Promise<Resumed> {
  const file = findCheckpoint(path);
  const contents = await loadCheckpoint(file);
  const facts = checkpointFacts(contents, file);
  const settings = resumedSettings(facts, file, flags, given);
  return { file, contents, settings, secondsBefore: Number(facts.settings['trainSeconds'] ?? 0) };
}

/** The run directory that a checkpoint lies in, unless the run is to go on elsewhere. */
function runInPlace(file: string, out: string | undefined): string | undefined {
  if (basename(file) !== RUN_FILES.checkpoint) return undefined;
  const directory = dirname(file);
  return out === undefined || resolve(out) === resolve(directory) ? directory : undefined;
}
