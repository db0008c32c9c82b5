import { StateDictError } from '../errors.ts';
import type { SafetensorsTensor } from '../io/safetensors.ts';
import { fromTorchLayout, torchShape, toTorchLayout, type WeightKind } from '../io/torchLayout.ts';
import type { LinearOptions } from '../nn/linear.ts';
import { formatShape, sameShape, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** A tensor of a training run and how a file has it. */
export interface Slot {
  readonly tensor: Tensor;
  /** `[h, w, c]` of the image that a linear weight's inputs are the pixels of: torch has its channels first. */
  readonly flattened?: LinearOptions['flattened'];
}

const COUNTER = 'num_batches_tracked';

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
  return name.endsWith(COUNTER) ? 'I64' : 'I32';
}

/** The values of a slot as a file has them: torch's layout, counters of batches as 64-bit integers. */
export function toStored(name: string, slot: Slot): SafetensorsTensor {
  const { kind, own, inFile } = layoutOf(slot);
  const data = slot.tensor.data();
  if (data instanceof Float32Array) {
    const laid = toTorchLayout(kind, { shape: own, data });
    return { dtype: 'F32', shape: inFile, data: laid.data };
  }
  return dtypeOf(name, slot.tensor) === 'I64'
    ? { dtype: 'I64', shape: inFile, data: BigInt64Array.from(data, BigInt) }
    : { dtype: 'I32', shape: inFile, data };
}

/** Puts a file's values into a slot that {@link checkStored} found to fit. */
export function writeStored(slot: Slot, { data }: SafetensorsTensor): void {
  const { tensor } = slot;
  if (data instanceof Float32Array) {
    const { kind, torch } = layoutOf(slot);
    tensor.write(fromTorchLayout(kind, { shape: torch, data }).data);
  } else {
    tensor.write(Int32Array.from(data as ArrayLike<number | bigint>, Number));
  }
}

/** @throws {StateDictError} when a file's tensor is of another dtype or shape than the slot. */
export function checkStored(
  name: string,
  slot: Slot,
  given: SafetensorsTensor,
  place: string,
): void {
  const dtype = dtypeOf(name, slot.tensor);
  if (given.dtype !== dtype) {
    throw new StateDictError(`${place}: ${name}: is ${given.dtype} but must be ${dtype}`);
  }
  const { inFile } = layoutOf(slot);
  if (!sameShape(given.shape, inFile)) {
    throw new StateDictError(
      `${place}: ${name}: is ${formatShape(given.shape)} but the model has ${formatShape(inFile)}`,
    );
  }
}
