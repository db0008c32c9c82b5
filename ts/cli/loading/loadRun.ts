import {
  modelOfCheckpoint,
  checkpointFacts,
  type CheckpointFacts,
} from '../../train/checkpoint.ts';
import type { DatasetFacts } from '../../data/catalog.ts';
import { allModels } from '../../models/allModels.ts';
import type { Module } from '../../nn/module.ts';
import { checkImages } from '../../train/checkImages.ts';
import { loadCheckpoint } from '../../train/node/checkpointFile.ts';
import { findCheckpoint } from './findCheckpoint.ts';
import type { EngineFlags } from '../options.ts';
import { startEngine } from '../startEngine.ts';
import type { TrainSettings } from '../training/trainSettings.ts';
import { settingsInCheckpoint } from '../training/trainSettingsSchema.ts';

/** A trained network, ready to be asked. */
export interface LoadedRun {
  readonly file: string;
  readonly model: Module;
  readonly facts: CheckpointFacts;
  /** How `residua train` made it; undefined when something else did. */
  readonly settings: TrainSettings | undefined;
}

/** The network of a run directory or checkpoint, or of the newest run, on an engine with the numerics it was trained in. */
export async function loadRun(path: string | undefined, flags: EngineFlags): Promise<LoadedRun> {
  const file = findCheckpoint(path);
  const contents = await loadCheckpoint(file);
  const facts = checkpointFacts(contents, file);
  const settings = settingsInCheckpoint(facts, file);
  await startEngine({ ...(settings && { numerics: settings.numerics }), ...flags });
  const model = modelOfCheckpoint(contents, file, allModels);
  const outputs = checkImages(model, facts.data, `${file}: checkpoint`);
  return { file, model, facts: { ...facts, data: named(facts.data, outputs) }, settings };
}

/** Classes without names are shown by their indices. */
function named(data: DatasetFacts, outputs: number): DatasetFacts {
  if (data.classes.length > 0) return data;
  return { ...data, classes: Array.from({ length: outputs }, (_, index) => String(index)) };
}
