import { StateDictError } from '../../base/errors.ts';
import type { Module } from '../../nn/module.ts';
import { formatShape } from '../../base/shape.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { listNames, renamed, type Rename } from './names.ts';
import type { Named, Naming } from './naming.ts';
import { commonPrefix, NAMINGS } from './namings.ts';
import {
  checkStored,
  fitsShape,
  isCounter,
  storedShape,
  weightSlots,
  writeStored,
  type Slot,
} from './slot.ts';
import { expectOptions, type OptionNames } from '../../base/settings.ts';

/** How {@link loadWeights} matches a file with a network. */
export interface LoadWeightsOptions {
  /** What errors call the file; `weights` by default. */
  readonly name?: string;
  /** Throw when a tensor is missing, left over or of another shape; true by default. Otherwise these are passed over. */
  readonly strict?: boolean;
  /**
   * Only tensors whose names begin with it are looked at, and it is taken off: `model.`. By default what all names begin
   * with (`module.`), if they are the network's without it; none where names are renamed.
   */
  readonly prefix?: string;
  /**
   * Names of the network by those of the file, after the prefix has been taken off. By default names of torchvision, timm
   * and Hugging Face are known.
   */
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
  /** What was taken off all names, as nobody had said; undefined where that was nothing. */
  readonly prefix?: string;
  /** Whose names were translated: `timm's VGG`; undefined where they were torchvision's own. */
  readonly naming?: string;
}

const OPTIONS: OptionNames<LoadWeightsOptions> = { name: 1, strict: 1, prefix: 1, rename: 1 };

/**
 * Takes a network's weights and statistics from tensors with torchvision's names and layouts (convolutions OIHW, linear
 * layers `[out, in]`, channels first where an image was flattened). Floats may be F32, F16, BF16 or F64; batch norm's
 * counters, which older files lack, are I64 or I32. Nothing changes unless everything fits.
 *
 * @throws {StateDictError} naming missing, unexpected and mismatched tensors together, or one of a wrong kind of number
 *   or with a value that is not finite
 * @example
 * import { loadWeights, parseSafetensors, resnet8, saveWeights, serializeSafetensors } from 'residua';
 *
 * const bytes = serializeSafetensors(saveWeights(resnet8({ seed: 1 })).tensors);
 * const { tensors } = parseSafetensors(bytes, 'resnet8.safetensors');
 * console.log(loadWeights(resnet8(), tensors));
 */
export function loadWeights(
  model: Module,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  options: LoadWeightsOptions = {},
): WeightsReport {
  expectOptions('loadWeights', options, OPTIONS);
  const { name: file = 'weights', strict = true } = options;
  const slots = weightSlots(model);
  const found = findNames(model, tensors, slots, options);
  const given = namedLikeModel(tensors, found, file);
  const missing = [...slots.keys()].filter((name) => !given.has(name));
  const unexpected = [...given].filter(([name]) => !slots.has(name)).map(([, { key }]) => key);
  const mismatched: string[] = [];
  const fitting = [...slots].filter(([name, slot]) => {
    const shape = given.get(name)?.tensor.shape;
    if (!shape || fitsShape(slot, shape)) return shape !== undefined;
    const [is, has] = [shape, storedShape(slot)].map(formatShape);
    mismatched.push(`${name}: is ${is} but the model has ${has}`);
    return false;
  });
  const report = {
    loaded: fitting.map(([name]) => name),
    missing,
    unexpected,
    mismatched,
    ...(found.prefix !== (options.prefix ?? '') && { prefix: found.prefix }),
    ...(found.naming && { naming: found.naming.whose }),
  };
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

/**
 * The file's tensors by the names that {@link loadWeights} finds for them, whether the network has these or not.
 *
 * @throws {StateDictError} when two get one name
 */
export function matchNames(
  model: Module,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  options: LoadWeightsOptions = {},
): ReadonlyMap<string, Given> {
  const { name: file = 'weights' } = options;
  return namedLikeModel(tensors, findNames(model, tensors, weightSlots(model), options), file);
}

/** A tensor of a file. */
export interface Given {
  /** Its name in the file. */
  readonly key: string;
  readonly tensor: SafetensorsTensor;
}

/** How a file's names become the network's. */
interface Names {
  readonly prefix: string;
  readonly rename?: Rename;
  readonly naming?: Naming;
}

/** What the caller says; and of what it leaves open, what gives the most names that the network has. */
function findNames(
  model: Module & Partial<Named>,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  slots: ReadonlyMap<string, Slot>,
  { prefix, rename }: LoadWeightsOptions,
): Names {
  if (rename) return { prefix: prefix ?? '', rename };
  const keys = [...tensors.keys()].filter((key) => key.startsWith(prefix ?? ''));
  const prefixes = prefix === undefined ? prefixesOf(commonPrefix(keys)) : [prefix];
  const ways: Names[] = prefixes.flatMap((taken) => [
    { prefix: taken },
    ...[...NAMINGS, ...(model.namings ?? [])].map((naming) => ({ prefix: taken, naming })),
  ]);
  const fits = (way: Names): number => {
    const names = new Set(keys.map((key) => nameOf(key, way)));
    return [...names].filter((name) => slots.has(name)).length;
  };
  let [best, most] = [ways[0]!, fits(ways[0]!)];
  for (const way of ways.slice(1)) {
    if (most === slots.size) break;
    const count = fits(way);
    if (count > most) [best, most] = [way, count];
  }
  return best;
}

/** `model.backbone.` → ``, `model.`, `model.backbone.` */
function prefixesOf(longest: string): string[] {
  const parts = longest.split('.').slice(0, -1);
  return ['', ...parts.map((_, index) => `${parts.slice(0, index + 1).join('.')}.`)];
}

function nameOf(key: string, { prefix, rename, naming }: Names): string {
  const name = key.slice(prefix.length);
  return naming ? naming.rename(name) : renamed(name, rename);
}

/** The file's tensors by the network's names. */
function namedLikeModel(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  names: Names,
  file: string,
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [key, tensor] of tensors) {
    if (!key.startsWith(names.prefix)) continue;
    const name = nameOf(key, names);
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
