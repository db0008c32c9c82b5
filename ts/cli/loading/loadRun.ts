import {
  modelOfCheckpoint,
  checkpointFacts,
  type CheckpointFacts,
} from '../../train/checkpoint.ts';
import { FormatError } from '../../base/errors.ts';
import type { Module } from '../../nn/module.ts';
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
  const model = modelOfCheckpoint(contents, file);
  assertNamed(model, facts.data.classes, file);
  return { file, model, facts, settings };
}

/** Every output of the network must have a name to be shown by. */
function assertNamed(model: Module, classes: readonly string[], file: string): void {
  const outputs = [...model.stateDict().values()].findLast(({ shape }) => shape.length === 2)
    ?.shape[1];
  if (outputs !== undefined && outputs !== classes.length) {
    throw new FormatError(
      `${file}: checkpoint: data.classes: has ${classes.length} names but the network has ${outputs} outputs`,
    );
  }
}
