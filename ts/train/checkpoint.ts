import type { DatasetFacts } from '../data/catalog.ts';
import { FormatError, NonFiniteError, StateDictError } from '../base/errors.ts';
import type { Safetensors, SafetensorsTensor } from '../io/safetensors.ts';
import { listNames } from '../io/weights/names.ts';
import { checkStored, toStored, weightSlots, writeStored, type Slot } from '../io/weights/slot.ts';
import { models, type ModelOptions } from '../models/registry.ts';
import { withoutInitialWeights } from '../nn/initialize.ts';
import type { Module } from '../nn/module.ts';
import type { Normalisation } from '../base/normalisation.ts';
import { dropoutState } from '../nn/seed.ts';
import type { Tensor } from '../core/tensor.ts';
import { checkImages } from './checkImages.ts';
import { readFacts } from './checkpointSchema.ts';
import { nonFinite } from './nonFinite.ts';
import { noteNormalisation } from './readAs.ts';
import type { RunStart } from './runPosition.ts';
import type { ImageSize, Trainer } from './trainer.ts';

/** What a checkpoint says besides its tensors. */
export interface CheckpointInfo {
  /** Name of the network in `models`. */
  readonly model: string;
  readonly modelOptions: ModelOptions;
  /** Size, classes and normalisation of the images it was trained on. */
  readonly data: DatasetFacts;
  /** Seed of weights, order and augmentation. */
  readonly seed: number;
  /** Anything else that is needed to go on, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What is read back: with the number of training steps done. */
export interface CheckpointFacts extends CheckpointInfo {
  readonly step: number;
  /** What the network was trained with; that of its data where a checkpoint does not say. */
  readonly normalisation?: Normalisation;
  /** The largest images that it was trained on; not said by checkpoints of 0.1.0. */
  readonly trainedOn?: ImageSize | undefined;
  /** Where the run began that goes on; at the first step where a checkpoint does not say. */
  readonly begun?: RunStart;
}

const VERSION = 1;
const OPTIMIZER = 'optimizer.';
const DROPOUT = 'random.dropout';

/**
 * Everything that training needs to go on, for `serializeSafetensors`: weights under torchvision's names and in torch's
 * layouts, so that torch can load them, and beside them the optimizer's moments and the state of dropout.
 *
 * @throws {NonFiniteError} for a value that is NaN or infinite: such a file could not be read back
 * @throws {FormatError} for facts that could not be read again
 */
export function checkpointTensors(trainer: Trainer, info: CheckpointInfo): Safetensors {
  const slots = trainingSlots(trainer);
  const found = nonFinite([...slots].map(([name, { tensor }]) => [name, tensor]));
  if (found) throw new NonFiniteError(`checkpoint: ${found} but what is saved must be finite`);
  const tensors = new Map([...slots].map(([name, slot]) => [name, toStored(name, slot)]));
  const { step, begun, model, trainedOn } = trainer;
  const facts: CheckpointFacts & { version: number } = {
    ...info,
    version: VERSION,
    step,
    begun: begun.step > 0 ? begun : undefined,
    normalisation: model.normalisation,
    trainedOn,
  };
  const text = JSON.stringify(facts);
  readFacts(JSON.parse(text), 'checkpoint');
  return { tensors, metadata: { format: 'pt', residua: text } };
}

/** Whether a file was written by training here, and so holds more than weights. */
export const isCheckpoint = ({ metadata }: Safetensors): boolean => 'residua' in metadata;

/**
 * What a checkpoint says of itself.
 *
 * @throws {FormatError} when it says nothing, or it is of another version
 */
export function checkpointFacts({ metadata }: Safetensors, file: string): CheckpointFacts {
  const text = metadata['residua'];
  if (text === undefined) {
    throw new FormatError(
      `${file}: checkpoint: has no "residua" entry in its metadata but one is needed to know its network`,
    );
  }
  let facts: { version?: unknown } | null;
  try {
    facts = JSON.parse(text) as typeof facts;
  } catch (cause) {
    throw new FormatError(`${file}: checkpoint: its "residua" metadata is not JSON`, { cause });
  }
  if (facts?.version !== VERSION) {
    throw new FormatError(
      `${file}: checkpoint: is of version ${String(facts?.version)} but this code reads ${VERSION}`,
    );
  }
  return readFacts(facts, `${file}: checkpoint`);
}

/**
 * Takes up training where a checkpoint left it; nothing changes unless all of it fits.
 *
 * @throws {StateDictError} naming the file, and missing and unexpected tensors together, or one of another dtype or shape
 * @throws {FormatError} when it does not say what it is
 */
export function restoreCheckpoint(
  trainer: Trainer,
  contents: Safetensors,
  file: string,
): CheckpointFacts {
  const facts = checkpointFacts(contents, file);
  restoreTraining(trainer, contents.tensors, file);
  trainer.step = facts.step;
  trainer.begun = { step: 0, epoch: 0, ...facts.begun };
  trainer.trainedOn = facts.trainedOn;
  noteNormalisation(trainer.model, facts.normalisation ?? facts.data);
  return facts;
}

/**
 * Takes a network's weights, statistics and normalisation from a checkpoint, without what only training needs; nothing
 * changes unless all of them fit.
 *
 * @throws {StateDictError} as {@link restoreCheckpoint}
 */
export function restoreWeights(model: Module, contents: Safetensors, file: string): void {
  const weights = [...contents.tensors].filter(
    ([name]) => !name.startsWith(OPTIMIZER) && name !== DROPOUT,
  );
  const facts = isCheckpoint(contents) ? checkpointFacts(contents, file) : undefined;
  restore(weightSlots(model), new Map(weights), file);
  if (facts) noteNormalisation(model, facts.normalisation ?? facts.data);
}

/**
 * The network of a checkpoint, with its weights. `networks` are those that are known, by name; `allModels` has more than the
 * default, `models`.
 *
 * @throws {FormatError} when it does not take the images that the checkpoint says it is for, or has other outputs than classes
 * @throws {StateDictError} when its network is not known here or cannot be made, or as {@link restoreCheckpoint}
 */
export function modelOfCheckpoint(contents: Safetensors, file: string, networks = models): Module {
  const { model: name, modelOptions, data } = checkpointFacts(contents, file);
  const make = Object.hasOwn(networks, name) ? networks[name] : undefined;
  if (!make) {
    throw new StateDictError(
      `${file}: checkpoint: is of network ${name} but known are ${Object.keys(networks).join(', ')}`,
    );
  }
  let model: Module;
  try {
    model = withoutInitialWeights(() => make(modelOptions));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StateDictError(`${file}: checkpoint: its network ${name} cannot be made: ${reason}`, {
      cause,
    });
  }
  checkImages(model, data, `${file}: checkpoint`);
  restoreWeights(model, contents, file);
  return model;
}

/** All tensors that a training step reads or writes, by their names in the file. */
function trainingSlots({ model, optimizer }: Trainer): Map<string, Slot> {
  const weights = weightSlots(model);
  // A moment is named after its weight, and laid out like it.
  const momentSlot = (name: string, tensor: Tensor): Slot => ({
    ...weights.get(name.slice(0, name.lastIndexOf('.'))),
    tensor,
  });
  return new Map<string, Slot>([
    ...weights,
    ...[...optimizer.state()].map(
      ([name, tensor]) => [OPTIMIZER + name, momentSlot(name, tensor)] as const,
    ),
    [`${OPTIMIZER}lr`, { tensor: optimizer.lr }],
    [DROPOUT, { tensor: dropoutState() }],
  ]);
}

/** Weights that have missed steps count their own; where a file does not have that they have missed none. */
function restoreTraining(
  trainer: Trainer,
  given: ReadonlyMap<string, SafetensorsTensor>,
  file: string,
): void {
  const names = [...given.keys()].filter((name) => name.startsWith(OPTIMIZER));
  trainer.optimizer.makeState(names.map((name) => name.slice(OPTIMIZER.length)));
  const own = trainingSlots(trainer);
  const count = given.get(`${OPTIMIZER}step`);
  const counted = [...own.keys()].filter(
    (name) => name.startsWith(OPTIMIZER) && name.endsWith('.step') && !given.has(name),
  );
  const complete = count ? counted.map((name) => [name, count] as const) : [];
  restore(own, new Map([...given, ...complete]), file);
}

function restore(
  own: ReadonlyMap<string, Slot>,
  given: ReadonlyMap<string, SafetensorsTensor>,
  file: string,
): void {
  const missing = [...own.keys()].filter((name) => !given.has(name));
  const unexpected = [...given.keys()].filter((name) => !own.has(name));
  if (missing.length + unexpected.length > 0) {
    throw new StateDictError(`${file}: checkpoint: ${listNames({ missing, unexpected })}`);
  }
  for (const [name, slot] of own) {
    checkStored(name, slot, given.get(name)!, `${file}: checkpoint`, 'exact');
  }
  for (const [name, slot] of own) writeStored(slot, given.get(name)!);
}
