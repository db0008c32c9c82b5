import { modelOfCheckpoint, checkpointFacts, type CheckpointFacts } from '../train/checkpoint.ts';
import type { Module } from '../nn/module.ts';
import { loadCheckpoint } from '../train/node/checkpointFile.ts';
import { findCheckpoint } from './findCheckpoint.ts';
import type { EngineFlags } from './options.ts';
import { startEngine } from './startEngine.ts';
import type { TrainSettings } from './trainSettings.ts';

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
  const settings = facts.settings['train'] as TrainSettings | undefined;
  await startEngine({ ...(settings && { numerics: settings.numerics }), ...flags });
  return { file, model: modelOfCheckpoint(contents, file), facts, settings };
}
