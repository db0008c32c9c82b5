import { StateDictError } from '../../base/errors.ts';
import type { Module } from '../../nn/module.ts';
import type { Safetensors, SafetensorsTensor } from '../safetensors.ts';
import { renamed, type Rename } from './names.ts';
import { toStored, weightSlots } from './slot.ts';

/** How {@link saveWeights} writes a network. */
export interface SaveWeightsOptions {
  /** What floats are stored as; `F32` by default. */
  readonly dtype?: 'F32' | 'F16' | 'BF16';
  /** Put before every name; nothing by default. */
  readonly prefix?: string;
  /** Names of the file by those of the network, before the prefix is put on. */
  readonly rename?: Rename;
}

/** Largest magnitude that rounds to a finite number. */
const LARGEST = { F32: Infinity, F16: 65519.99609375, BF16: 3.3895313892515355e38 };

/**
 * A network's weights and statistics for `serializeSafetensors`, with torchvision's names and layouts: torch loads the
 * file with `strict=True`.
 *
 * @throws {StateDictError} when a value is not finite or too large for the dtype, or two tensors get one name
 * @example
 * import { resnet8, saveWeights, serializeSafetensors } from 'residua';
 *
 * const bytes = serializeSafetensors(saveWeights(resnet8({ seed: 1 })).tensors);
 * console.log(bytes.length);
 */
export function saveWeights(model: Module, options: SaveWeightsOptions = {}): Safetensors {
  const { dtype = 'F32', prefix = '', rename } = options;
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, slot] of weightSlots(model)) {
    const stored = toStored(name, slot);
    const key = prefix + renamed(name, rename);
    if (tensors.has(key)) {
      throw new StateDictError(`save: ${name} is renamed to ${key} but another tensor is, too`);
    }
    if (stored.dtype === 'F32') {
      checkRange(name, stored.data, dtype);
      tensors.set(key, { ...stored, dtype });
    } else {
      tensors.set(key, stored);
    }
  }
  return { tensors, metadata: { format: 'pt' } };
}

function checkRange(name: string, data: Float32Array, dtype: keyof typeof LARGEST): void {
  const most = LARGEST[dtype];
  const at = data.findIndex((value) => !(Number.isFinite(value) && Math.abs(value) <= most));
  if (at < 0) return;
  const rule = Number.isFinite(data[at])
    ? `${dtype} holds no more than ${most}`
    : 'what is saved must be finite to be loaded';
  throw new StateDictError(`save: ${name}: has ${data[at]} at element ${at} but ${rule}`);
}
