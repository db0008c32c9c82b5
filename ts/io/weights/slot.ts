import { StateDictError } from '../../base/errors.ts';
import { Linear, type LinearOptions } from '../../nn/linear.ts';
import type { Module } from '../../nn/module.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../../base/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { SafetensorsTensor } from '../safetensors.ts';
import { originOf } from '../safetensors/lazyTensor.ts';
import { fromTorchLayout, torchShape, toTorchLayout, type WeightKind } from '../torchLayout.ts';
import { TorchSource } from './torchSource.ts';

/** A tensor of a network or a training run and how a file has it. */
export interface Slot {
  readonly tensor: Tensor;
  /** `[h, w, c]` of the image that a linear weight's inputs are the pixels of: torch has its channels first. */
  readonly flattened?: LinearOptions['flattened'];
  /** Whether it is of the shape of an image, `[…, C]`, as a layer norm's parameters: torch has the channels first. */
  readonly ofImage?: boolean;
}

const COUNTER = 'num_batches_tracked';
const FLOATS: readonly SafetensorsTensor['dtype'][] = ['F32', 'F16', 'BF16', 'F64'];
const INTEGERS: readonly SafetensorsTensor['dtype'][] = ['I64', 'I32'];

/** Whether a name is that of batch norm's counter, which older files do without. */
export const isCounter = (name: string): boolean => name.endsWith(COUNTER);

/** A network's weights and statistics by name, in the order of torch's state dicts. */
export function weightSlots(model: Module): Map<string, Slot> {
  const flattened = new Map<Tensor, Slot['flattened']>();
  const ofImages = new Set<Tensor>();
  for (const [, module] of model.modules()) {
    if (module instanceof Linear) flattened.set(module.weight, module.flattened);
    // A layer norm, told by its setting: no page loads one for the sake of this question.
    if ('normalizedShape' in module) module.stateDict().forEach((tensor) => ofImages.add(tensor));
  }
  const slotOf = (tensor: Tensor): Slot => ({
    tensor,
    flattened: flattened.get(tensor),
    ofImage: ofImages.has(tensor) && tensor.shape.length > 1,
  });
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

/** Moments have the layout of their weights. Parameters of an image have its channels first there. A linear layer on a flattened image is a convolution over all of it. */
function layoutOf({ tensor: { shape }, flattened, ofImage }: Slot): Layout {
  const outputs = shape.at(-1)!;
  if (ofImage) {
    const rest = shape.slice(0, -1);
    const own = [sizeOf(rest), 1, 1, outputs];
    return { kind: 'conv', own, torch: torchShape('conv', own), inFile: [outputs, ...rest] };
  }
  if (shape.length === 4 || shape.length === 3 || (shape.length === 2 && flattened)) {
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

/**
 * Whether a file's tensor of a shape holds a slot's values in order: of its own shape, or as a convolution over all of the
 * image that it reads, as timm has the heads of VGG and ResNetV2.
 */
export function fitsShape(slot: Slot, shape: Shape): boolean {
  const { inFile, torch, kind } = layoutOf(slot);
  if (sameShape(shape, inFile) || sameShape(shape, torch)) return true;
  const isPoint = shape.length === 4 && shape[2] === 1 && shape[3] === 1;
  return kind === 'linear' && isPoint && sameShape(shape.slice(0, 2), inFile);
}

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

/**
 * Puts a file's values into a slot that {@link checkStored} found to fit. Weights of a file or buffer that was parsed
 * here stay there until they are needed.
 */
export function writeStored(slot: Slot, given: SafetensorsTensor): void {
  const { tensor } = slot;
  if (tensor.dtype === 'i32') {
    tensor.write(Int32Array.from(given.data as ArrayLike<number | bigint>, Number));
    return;
  }
  const { kind, torch } = layoutOf(slot);
  const origin = originOf(given);
  if (origin && kind !== 'vector') {
    tensor.take(new TorchSource(origin, torch));
    return;
  }
  const { data } = given;
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
  const fits = dtypes === 'exact' ? sameShape(given.shape, inFile) : fitsShape(slot, given.shape);
  if (!fits) {
    throw new StateDictError(
      `${place}: ${name}: is ${formatShape(given.shape)} but the model has ${formatShape(inFile)}`,
    );
  }
  const unusable = firstUnusable(given, dtype === 'F32');
  if (unusable) {
    const rule = dtype === 'F32' ? 'a finite f32' : 'a 32-bit integer';
    throw new StateDictError(
      `${place}: ${name}: is ${unusable.value} at element ${unusable.index} but must be ${rule}`,
    );
  }
}

interface Unusable {
  readonly index: number;
  readonly value: number | bigint;
}

/** The first value that f32 (or i32) cannot hold. Values that still lie in a file are looked at there, a piece at a time. */
function firstUnusable(given: SafetensorsTensor, isFloat: boolean): Unusable | undefined {
  let found: Unusable | undefined;
  const look = (values: SafetensorsTensor['data'], first: number): boolean => {
    const at =
      values instanceof Float32Array ? firstNotFinite(values) : firstUnfit(values, isFloat);
    if (at >= 0) found = { index: first + at, value: values[at]! };
    return at >= 0;
  };
  const origin = originOf(given);
  if (origin) origin.some(look);
  else look(given.data, 0);
  return found;
}

const EXPONENT = 0x7f800000;

/** Index of the first NaN or infinity, or -1; by its bits, as this looks at all weights of a network. */
function firstNotFinite({ buffer, byteOffset, length }: Float32Array): number {
  const words = new Int32Array(buffer, byteOffset, length);
  for (let index = 0; index < length; index++) {
    if ((words[index]! & EXPONENT) === EXPONENT) return index;
  }
  return -1;
}

function firstUnfit(data: ArrayLike<number | bigint>, isFloat: boolean): number {
  for (let index = 0; index < data.length; index++) {
    const value = Number(data[index]!);
    const fits = isFloat ? Number.isFinite(Math.fround(value)) : value === (value | 0);
    if (!fits) return index;
  }
  return -1;
}
