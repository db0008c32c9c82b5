import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ImageDataset } from '../../data/dataset.ts';
import type { DatasetFacts } from '../../data/catalog.ts';
import { DataLoader } from '../../data/loader.ts';
import { loadDataset } from '../../data/node/datasets.ts';
import type { Engine } from '../../kernels/engine.ts';
import { readFile } from '../../io/node/readFile.ts';
import type { Safetensors } from '../../io/safetensors.ts';
import type { ModelOptions } from '../../models/registry.ts';
import type { Shape } from '../../base/shape.ts';
import { checkpointFacts, restoreCheckpoint } from '../../train/checkpoint.ts';
import { loadCheckpoint } from '../../train/node/checkpointFile.ts';
import { hasEnded, isUnfinished, refuseOldRun, RUN_FILES } from '../../train/node/runDirectory.ts';
import { refuseHeld } from '../../train/node/runLock.ts';
import { Trainer } from '../../train/trainer.ts';
import { showDownload } from '../terminal/downloadProgress.ts';
import { findCheckpoint } from '../loading/findCheckpoint.ts';
import { findModel } from '../../models/findModel.ts';
import { startEngine } from '../startEngine.ts';
import { stemFor } from '../../models/stemFor.ts';
import type { EpochCut } from './epochMeans.ts';
import { resumedSettings, settingsOf, type TrainFlags } from './trainFlags.ts';
import { makeOptimizer } from '../../optim/makeOptimizer.ts';
import { makeSchedule, type TrainSettings } from './trainSettings.ts';
import {
  secondsInCheckpoint,
  settingsInCheckpoint,
  settingsInConfig,
} from './trainSettingsSchema.ts';

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
  /** How an epoch is cut into steps. */
  readonly epochCut: EpochCut;
  /** Directory of the run that goes on in its place. */
  readonly resumeIn: string | undefined;
  /** Checks, once the directory is this process's, that no other went on with the run meanwhile. */
  readonly assertUnchanged: () => void;
  /** Seconds that the run had trained before. */
  readonly secondsBefore: number;
}

interface Resumed {
  /** Its checkpoint, or the config.json of a run that was killed before it had one. */
  readonly file: string;
  readonly contents: Safetensors | undefined;
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
  const assertUnchanged = resumed ? changeGuard(resumed.file) : () => undefined;
  if (flags.out !== undefined && resumeIn === undefined) await refuseOldRun(flags.out);
  const directory = resumeIn ?? flags.out;
  if (directory !== undefined) await refuseHeld(directory);
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
  const { name, height, width, channels, classes, mean, std, preparation } = train;
  const facts = { name, height, width, channels, classes, mean, std, preparation };

  const engine = await startEngine({ ...flags, numerics: settings.numerics });
  const modelOptions = { numClasses: classes.length, inChannels: channels, ...stemFor(height) };
  const model = make({ ...modelOptions, seed: settings.seed });
  const trainer = new Trainer(model, {
    optimizer: makeOptimizer(model.parameters(), settings),
    schedule: makeSchedule(settings),
    labelSmoothing: settings.labelSmoothing,
    gradientNorms: true,
    memoryBudget: flags.memoryBudget,
  });
  if (resumed?.contents) restoreCheckpoint(trainer, resumed.contents, resumed.file);
  const { batch, dropLast = false } = settings;
  const { batches } = new DataLoader(train, { batchSize: batch, dropLast });
  const { accumulate = 1 } = settings;
  const epochCut = {
    images: Math.min(train.count, batches * batch),
    stepImages: accumulate * batch,
    steps: Math.ceil(batches / accumulate),
  };
  const steps = settings.epochs * epochCut.steps;
  // What was killed after its last step has yet to be tested and told of.
  const isEnded = resumeIn === undefined || (await hasEnded(resumeIn, trainer.step));
  if (trainer.step > steps || (trainer.step === steps && isEnded)) {
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
    epochCut,
    resumeIn,
    assertUnchanged,
    secondsBefore,
  };
}

async function readRun(
  path: string,
  flags: TrainFlags,
  given: ReadonlySet<string>,
): Promise<Resumed> {
  const file = join(path, RUN_FILES.config);
  if (isUnfinished(path) && existsSync(file)) {
    const text = new TextDecoder().decode(await readFile(file));
    const settings = resumedSettings(settingsInConfig(text, file), flags, given);
    return { file, contents: undefined, settings, secondsBefore: 0 };
  }
  return readCheckpoint(findCheckpoint(path), flags, given);
}

async function readCheckpoint(
  file: string,
  flags: TrainFlags,
  given: ReadonlySet<string>,
): Promise<Resumed> {
  const contents = await loadCheckpoint(file);
  const facts = checkpointFacts(contents, file);
  const written = settingsInCheckpoint(facts, file);
  if (!written) {
    throw new Error(`${file}: resume: the checkpoint was not written by residua train`);
  }
  const settings = resumedSettings(written, flags, given);
  return { file, contents, settings, secondsBefore: secondsInCheckpoint(facts, file) };
}

/** Remembers what a file is like now. */
function changeGuard(file: string): () => void {
  const stamp = (): string => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return `${stats?.ino} ${stats?.mtimeMs} ${stats?.size}`;
  };
  const before = stamp();
  return () => {
    if (stamp() === before) return;
    throw new Error(
      `${file}: resume: another process wrote it after it was read: give the command again`,
    );
  };
}

/** The run directory that a checkpoint lies in, unless the run is to go on elsewhere. */
function runInPlace(file: string, out: string | undefined): string | undefined {
  if (basename(file) !== RUN_FILES.checkpoint && basename(file) !== RUN_FILES.config)
    return undefined;
  const directory = dirname(file);
  return out === undefined || resolve(out) === resolve(directory) ? directory : undefined;
}
