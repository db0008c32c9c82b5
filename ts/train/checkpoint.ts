import type { DatasetFacts } from '../data/catalog.ts';
import { FormatError, StateDictError } from '../errors.ts';
import type { Safetensors, SafetensorsTensor } from '../io/safetensors.ts';
import { fromTorchLayout, torchShape, toTorchLayout, type WeightKind } from '../io/torchLayout.ts';
import { models, type ModelOptions } from '../models/registry.ts';
import type { Module } from '../nn/module.ts';
import { dropoutState } from '../nn/seed.ts';
import { formatShape, sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Trainer } from './trainer.ts';

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
}

const VERSION = 1;
const OPTIMIZER = 'optimizer.';
const DROPOUT = 'random.dropout';
const COUNTER = 'num_batches_tracked';

/**
 * Everything that training needs to go on, for `serializeSafetensors`: weights under torchvision's names and in torch's
 * layouts, so that torch can load them, and beside them the optimizer's moments and the state of dropout.
 */
export function checkpointTensors(trainer: Trainer, info: CheckpointInfo): Safetensors {
  const tensors = new Map(
    [...trainingState(trainer)].map(([name, tensor]) => [name, toFile(name, tensor)]),
  );
  const facts: CheckpointFacts & { version: number } = {
    version: VERSION,
    step: trainer.step,
    ...info,
  };
  return { tensors, metadata: { format: 'pt', residua: JSON.stringify(facts) } };
}

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
  let facts: Partial<CheckpointFacts & { version: number }> | null;
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
  if (
    typeof facts.model !== 'string' ||
    !isCount(facts.step) ||
    !isCount(facts.seed) ||
    !isRecord(facts.modelOptions) ||
    !isRecord(facts.settings) ||
    !isDatasetFacts(facts.data)
  ) {
    throw new FormatError(
      `${file}: checkpoint: its "residua" metadata does not say model, modelOptions, data, step, seed and settings`,
    );
  }
  return facts as CheckpointFacts;
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
  restore(trainingState(trainer), contents.tensors, file);
  trainer.step = facts.step;
  return facts;
}

/**
 * Takes a network's weights and statistics from a checkpoint, without what only training needs; nothing changes unless
 * all of them fit.
 *
 * @throws {StateDictError} as {@link restoreCheckpoint}
 */
export function restoreWeights(model: Module, contents: Safetensors, file: string): void {
  const weights = [...contents.tensors].filter(
    ([name]) => !name.startsWith(OPTIMIZER) && name !== DROPOUT,
  );
  restore(model.stateDict(), new Map(weights), file);
}

/**
 * The network of a checkpoint, with its weights.
 *
 * @throws {StateDictError} when its network is not known here, or as {@link restoreCheckpoint}
 */
export function modelOfCheckpoint(contents: Safetensors, file: string): Module {
  const { model: name, modelOptions } = checkpointFacts(contents, file);
  const make = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!make) {
    throw new StateDictError(
      `${file}: checkpoint: is of network ${name} but known are ${Object.keys(models).join(', ')}`,
    );
  }
  const model = make(modelOptions);
  restoreWeights(model, contents, file);
  return model;
}

/** All tensors that a training step reads or writes, by their names in the file. */
function trainingState({ model, optimizer }: Trainer): Map<string, Tensor> {
  return new Map([
    ...model.stateDict(),
    ...[...optimizer.state()].map(([name, tensor]) => [OPTIMIZER + name, tensor] as const),
    [`${OPTIMIZER}lr`, optimizer.lr],
    [DROPOUT, dropoutState()],
  ]);
}

const isCounter = (name: string): boolean => name.endsWith(COUNTER);

/** Moments have the layout of their weights. */
function kindOf({ shape }: Tensor): WeightKind {
  return shape.length === 4 ? 'conv' : shape.length === 2 ? 'linear' : 'vector';
}

function toFile(name: string, tensor: Tensor): SafetensorsTensor {
  const { shape } = tensor;
  const data = tensor.data();
  if (data instanceof Float32Array) {
    return { dtype: 'F32', ...toTorchLayout(kindOf(tensor), { shape, data }) };
  }
  return isCounter(name)
    ? { dtype: 'I64', shape, data: BigInt64Array.from(data, BigInt) }
    : { dtype: 'I32', shape, data };
}

function restore(
  own: ReadonlyMap<string, Tensor>,
  given: ReadonlyMap<string, SafetensorsTensor>,
  file: string,
): void {
  const missing = [...own.keys()].filter((name) => !given.has(name));
  const unexpected = [...given.keys()].filter((name) => !own.has(name));
  if (missing.length + unexpected.length > 0) {
    const lists = Object.entries({ missing, unexpected }).filter(([, names]) => names.length > 0);
    throw new StateDictError(
      `${file}: checkpoint: ${lists.map(([what, names]) => `${what}: ${someOf(names)}`).join('; ')}`,
    );
  }
  for (const [name, tensor] of own) checkTensor(name, tensor, given.get(name)!, file);
  for (const [name, tensor] of own) {
    const { shape, data } = given.get(name)!;
    if (data instanceof Float32Array)
      tensor.write(fromTorchLayout(kindOf(tensor), { shape, data }).data);
    else tensor.write(Int32Array.from(data as ArrayLike<number | bigint>, Number));
  }
}

function checkTensor(name: string, tensor: Tensor, given: SafetensorsTensor, file: string): void {
  const dtype = tensor.dtype === 'f32' ? 'F32' : isCounter(name) ? 'I64' : 'I32';
  if (given.dtype !== dtype) {
    throw new StateDictError(
      `${file}: checkpoint: ${name}: is ${given.dtype} but must be ${dtype}`,
    );
  }
  const shape = torchShape(kindOf(tensor), tensor.shape);
  if (!sameShape(given.shape, shape)) {
    throw new StateDictError(
      `${file}: checkpoint: ${name}: is ${formatShape(given.shape)} but the model has ${formatShape(shape)}`,
    );
  }
}

/** Names for a message of one readable line. */
function someOf(names: readonly string[], most = 6): string {
  const rest = names.length - most;
  return names.slice(0, most).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isDatasetFacts(value: unknown): value is DatasetFacts {
  if (!isRecord(value)) return false;
  const { name, height, width, channels, classes, mean, std } = value;
  return (
    typeof name === 'string' &&
    [height, width, channels].every((size) => isCount(size) && size > 0) &&
    Array.isArray(classes) &&
    [mean, std].every((values) => Array.isArray(values) && values.length === channels)
  );
}
