import { StateDictError } from '../../errors.ts';
import { Linear, type LinearOptions } from '../../nn/linear.ts';
import type { Module } from '../../nn/module.ts';
import { formatShape, sameShape, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { SafetensorsDtype, SafetensorsTensor } from '../safetensors.ts';
import { fromTorchLayout, torchShape, toTorchLayout, type WeightKind } from '../torchLayout.ts';

/** A tensor of a network or a training run and how a file has it. */
export interface Slot {
  readonly tensor: Tensor;
  /** `[h, w, c]` of the image that a linear weight's inputs are the pixels of: torch has its channels first. */
  readonly flattened?: LinearOptions['flattened'];
}

const COUNTER = 'num_batches_tracked';
const FLOATS: readonly SafetensorsDtype[] = ['F32', 'F16', 'BF16', 'F64'];
const INTEGERS: readonly SafetensorsDtype[] = ['I64', 'I32'];

/** Whether a name is that of batch norm's counter, which older files do without. */
export const isCounter = (name: string): boolean => name.endsWith(COUNTER);

/** A network's weights and statistics by name, in the order of torch's state dicts. */
export function weightSlots(model: Module): Map<string, Slot> {
  const flattened = new Map<Tensor, Slot['flattened']>();
  for (const [, module] of model.modules()) {
    if (module instanceof Linear) flattened.set(module.weight, module.flattened);
  }
  const slotOf = (tensor: Tensor): Slot => ({ tensor, flattened: flattened.get(tensor) });
  return new Map([...model.stateDict()].map(([name, tensor]) => [name, slotOf(tensor)]));
}

interface Layout {
  readonly kind: WeightKind;
  /** Shapes here and in torch, as the kind wants them. */
  readonly own: Shape;
  readonly torch: Shape;
  /** The shape that the file states. */
  readonly inFile: Shape;
}

/** Moments have the layout of their weights. A linear layer on a flattened image is a convolution over all of it. */
function layoutOf({ tensor: { shape }, flattened }: Slot): Layout {
  const outputs = shape.at(-1)!;
  if (shape.length === 4 || (shape.length === 2 && flattened)) {
    const own = flattened ? [...flattened, outputs] : shape;
    const torch = torchShape('conv', own);
    const inFile = flattened ? [outputs, shape[0]!] : torch;
    return { kind: 'conv', own, torch, inFile };
  }
  const kind = shape.length === 2 ? 'linear' : 'vector';
  const torch = torchShape(kind, shape);
  return { kind, own: shape, torch, inFile: torch };
}

function dtypeOf(name: string, tensor: Tensor): 'F32' | 'I64' | 'I32' {
  if (tensor.dtype === 'f32') return 'F32';
  return isCounter(name) ? 'I64' : 'I32';
}

/** Shape of a slot in a file. */
export const storedShape = (slot: Slot): Shape => layoutOf(slot).inFile;

/** The values of a slot as a file has them: torch's layout, counters of batches as 64-bit integers. */
export function toStored(name: string, slot: Slot): SafetensorsTensor {
  const data = slot.tensor.data();
  const { inFile } = layoutOf(slot);
  if (data instanceof Float32Array) return valuesToStored(slot, data);
  return dtypeOf(name, slot.tensor) === 'I64'
    ? { dtype: 'I64', shape: inFile, data: BigInt64Array.from(data, BigInt) }
    : { dtype: 'I32', shape: inFile, data };
}

/** Values of a slot's shape, such as its gradient, as a file has them. */
export function valuesToStored(slot: Slot, data: Float32Array): SafetensorsTensor {
  const { kind, own, inFile } = layoutOf(slot);
  return { dtype: 'F32', shape: inFile, data: toTorchLayout(kind, { shape: own, data }).data };
}

/** Puts a file's values into a slot that {@link checkStored} found to fit. */
export function writeStored(slot: Slot, { data }: SafetensorsTensor): void {
  const { tensor } = slot;
  if (tensor.dtype === 'i32') {
    tensor.write(Int32Array.from(data as ArrayLike<number | bigint>, Number));
    return;
  }
  const { kind, torch } = layoutOf(slot);
  const floats = data instanceof Float32Array ? data : Float32Array.from(data as Float64Array);
  tensor.write(fromTorchLayout(kind, { shape: torch, data: floats }).data);
}

/**
 * Makes sure that a file's tensor can be put into a slot: `exact` wants the dtype that {@link toStored} gives, `convertible`
 * takes any of its kind.
 *
 * @throws {StateDictError} when it is of another dtype or shape, or holds a value that is not finite or too large
 */
export function checkStored(
  name: string,
  slot: Slot,
  given: SafetensorsTensor,
  place: string,
  dtypes: 'exact' | 'convertible',
): void {
  const dtype = dtypeOf(name, slot.tensor);
  const family = dtype === 'F32' ? FLOATS : INTEGERS;
  const accepted = dtypes === 'exact' ? [dtype] : family;
  if (!accepted.includes(given.dtype)) {
    const rule = accepted.length > 1 ? `one of ${accepted.join(', ')}` : dtype;
    throw new StateDictError(`${place}: ${name}: is ${given.dtype} but must be ${rule}`);
  }
  const inFile = storedShape(slot);
  if (!sameShape(given.shape, inFile)) {
    throw new StateDictError(
      `${place}: ${name}: is ${formatShape(given.shape)} but the model has ${formatShape(inFile)}`,
    );
  }
  const at = firstUnusable(given.data, dtype === 'F32');
  if (at >= 0) {
    const rule = dtype === 'F32' ? 'a finite f32' : 'a 32-bit integer';
    throw new StateDictError(
      `${place}: ${name}: is ${given.data[at]} at element ${at} but must be ${rule}`,
    );
  }
}

/** Index of the first value that f32 (or i32) cannot hold, or -1. */
function firstUnusable(data: ArrayLike<number | bigint>, isFloat: boolean): number {
  for (let index = 0; index < data.length; index++) {
    const value = Number(data[index]!);
    const fits = isFloat ? Number.isFinite(Math.fround(value)) : value === (value | 0);
    if (!fits) return index;
  }
  return -1;
}
