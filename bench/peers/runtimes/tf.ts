import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { importPeer } from '../importPeer.ts';

/** A tensor of TensorFlow.js. */
export interface TfTensor {
  readonly shape: readonly number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** Zeros before and after each axis, or on every side of an image. */
export type Pads = readonly (readonly [number, number])[] | number;

/** What is used of TensorFlow.js. */
export interface Tf {
  setBackend(name: string): Promise<boolean>;
  tidy<T>(fn: () => T): T;
  tensor(data: Float32Array, shape: readonly number[]): TfTensor;
  readonly fused: {
    conv2d(settings: object): TfTensor;
    depthwiseConv2d(settings: object): TfTensor;
    matMul(settings: object): TfTensor;
  };
  batchNorm(...inputs: (TfTensor | number)[]): TfTensor;
  maxPool(x: TfTensor, size: unknown, strides: unknown, pad: Pads, rounding: string): TfTensor;
  avgPool(x: TfTensor, size: unknown, strides: unknown, pad: Pads, rounding: string): TfTensor;
  mean(x: TfTensor, axes: readonly number[] | number, keepDims?: boolean): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  concat(tensors: readonly TfTensor[], axis: number): TfTensor;
  stridedSlice(x: TfTensor, ...bounds: (readonly number[])[]): TfTensor;
  pad(x: TfTensor, sides: readonly (readonly [number, number])[]): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  sub(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor): TfTensor;
  rsqrt(x: TfTensor): TfTensor;
  scalar(value: number): TfTensor;
  relu(x: TfTensor): TfTensor;
  relu6(x: TfTensor): TfTensor;
  sigmoid(x: TfTensor): TfTensor;
  erf(x: TfTensor): TfTensor;
  readonly image: {
    resizeNearestNeighbor(x: TfTensor, size: readonly number[]): TfTensor;
  };
  conv2d(x: TfTensor, filter: TfTensor, ...settings: unknown[]): TfTensor;
  depthwiseConv2d(x: TfTensor, filter: TfTensor, ...settings: unknown[]): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transposeA?: boolean): TfTensor;
  stack(tensors: readonly TfTensor[]): TfTensor;
  moments(x: TfTensor, axes: readonly number[]): { mean: TfTensor; variance: TfTensor };
  variable(x: TfTensor): TfTensor;
  oneHot(labels: TfTensor, depth: number): TfTensor;
  tensor1d(values: Int32Array, type: 'int32'): TfTensor;
  readonly losses: { softmaxCrossEntropy(labels: TfTensor, logits: TfTensor): TfTensor };
  readonly train: {
    momentum(
      rate: number,
      momentum: number,
    ): { minimize(fn: () => TfTensor, wantsCost: true, weights: readonly TfTensor[]): TfTensor };
  };
  registerKernel(kernel: object): void;
}

/** TensorFlow.js on its WASM backend (XNNPACK, SIMD), which has one thread under Node. */
export async function startTf(threads: number): Promise<Tf> {
  if (threads > 1) throw new Error('it turns its threads off under Node (tensorflow/tfjs#3830)');
  const tf = await importPeer<Tf>('@tensorflow/tfjs');
  const backend = await importPeer<{ setWasmPaths(folder: string): void }>(
    '@tensorflow/tfjs-backend-wasm',
  );
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  backend.setWasmPaths(join(dirname(main), '/'));
  await tf.setBackend('wasm');
  return tf;
}

/** Clockwise sides as pairs for each axis of NHWC. */
export function sidesOf([top, right, bottom, left]: readonly number[]): Pads {
  return [
    [0, 0],
    [top!, bottom!],
    [left!, right!],
    [0, 0],
  ];
}
