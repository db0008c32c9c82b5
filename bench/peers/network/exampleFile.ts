import { readTensors, writeTensors } from '../../../ts/io/node/weightsFile.ts';
import type { SafetensorsTensor } from '../../../ts/io/safetensors.ts';

/** What every runtime is given to compute, and what this project's engine makes of it. */
export interface Example {
  /** `[N, H, W, C]`. */
  readonly shape: readonly number[];
  readonly images: Float32Array;
  /** `[N]`, for training. */
  readonly labels: Int32Array;
  /** `[N · classes]`, of inference. */
  readonly logits: Float32Array;
}

/** Writes an example as safetensors. */
export async function writeExample(path: string, example: Example): Promise<void> {
  const { shape, images, labels, logits } = example;
  const tensors = new Map<string, SafetensorsTensor>([
    ['images', { dtype: 'F32', shape, data: images }],
    ['labels', { dtype: 'I32', shape: [labels.length], data: labels }],
    ['logits', { dtype: 'F32', shape: [logits.length], data: logits }],
  ]);
  await writeTensors(path, { tensors, metadata: {} });
}

/** Reads what {@link writeExample} wrote. */
export async function readExample(path: string): Promise<Example> {
  const { tensors } = await readTensors(path);
  const { shape, data } = tensors.get('images')!;
  return {
    shape,
    images: data as Float32Array,
    labels: tensors.get('labels')!.data as Int32Array,
    logits: tensors.get('logits')!.data as Float32Array,
  };
}
