import { StateDictError } from '../../errors.ts';
import type { Module } from '../../nn/module.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { listNames, renamed, type Rename } from './names.ts';
import { checkStored, isCounter, storedShape, weightSlots, writeStored } from './slot.ts';

/** How {@link loadWeights} matches a file with a network. */
export interface LoadWeightsOptions {
  /** What errors call the file; `weights` by default. */
  readonly name?: string;
  /** Throw when a tensor is missing, left over or of another shape; true by default. Otherwise these are passed over. */
  readonly strict?: boolean;
  /** Only tensors whose names begin with it are looked at, and it is taken off: `model.`; none by default. */
  readonly prefix?: string;
  /** Names of the network by those of the file, after the prefix has been taken off. */
  readonly rename?: Rename;
}

/** What {@link loadWeights} did and did not take. */
export interface WeightsReport {
  /** Names of the network that got values. */
  readonly loaded: readonly string[];
  /** Names of the network that the file does not have; counters of batches among them even when strict. */
  readonly missing: readonly string[];
  /** Names of the file that the network does not have. */
  readonly unexpected: readonly string[];
  /** Names of both whose shapes differ: `fc.weight: is [1000, 512] but the model has [10, 512]`. */
  readonly mismatched: readonly string[];
}

/**
 * Takes a network's weights and statistics from tensors with torchvision's names and layouts (convolutions OIHW, linear
 * layers `[out, in]`, channels first where an image was flattened). Floats may be F32, F16, BF16 or F64; batch norm's
 * counters, which older files lack, are I64 or I32. Nothing changes unless everything fits.
 *
 * @throws {StateDictError} naming missing, unexpected and mismatched tensors together, or one of a wrong kind of number
 *   or with a value that is not finite
 * @example
 * const { tensors } = parseSafetensors(bytes, 'resnet50.safetensors');
 * loadWeights(resnet50(), tensors);
 */
export function loadWeights(
  model: Module,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  options: LoadWeightsOptions = {},
): WeightsReport {
  const { name: file = 'weights', strict = true } = options;
  const slots = weightSlots(model);
  const given = namedLikeModel(tensors, options, file);
  const missing = [...slots.keys()].filter((name) => !given.has(name));
  const unexpected = [...given].filter(([name]) => !slots.has(name)).map(([, { key }]) => key);
  const mismatched: string[] = [];
  const fitting = [...slots].filter(([name, slot]) => {
    const shape = given.get(name)?.tensor.shape;
    if (!shape || sameShape(shape, storedShape(slot))) return shape !== undefined;
    const [is, has] = [shape, storedShape(slot)].map(formatShape);
    mismatched.push(`${name}: is ${is} but the model has ${has}`);
    return false;
  });
  const report = { loaded: fitting.map(([name]) => name), missing, unexpected, mismatched };
  const needed = missing.filter((name) => !isCounter(name));
  if (strict && needed.length + unexpected.length + mismatched.length > 0) {
    const lists = listNames({ missing: needed, unexpected, 'other shapes': mismatched });
    throw new StateDictError(`${file}: load: ${lists}`);
  }
  for (const [name, slot] of fitting) {
    checkStored(name, slot, given.get(name)!.tensor, `${file}: load`, 'convertible');
  }
  for (const [name, slot] of fitting) writeStored(slot, given.get(name)!.tensor);
  return report;
}

interface Given {
  /** Its name in the file. */
  readonly key: string;
  readonly tensor: SafetensorsTensor;
}

/** The file's tensors by the network's names. */
function namedLikeModel(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  { prefix = '', rename }: LoadWeightsOptions,
  file: string,
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [key, tensor] of tensors) {
    if (!key.startsWith(prefix)) continue;
    const name = renamed(key.slice(prefix.length), rename);
    const other = given.get(name);
    if (other) {
      throw new StateDictError(
        `${file}: load: ${other.key} and ${key} are both renamed to ${name} but it takes one`,
      );
    }
    given.set(name, { key, tensor });
  }
  return given;
}
