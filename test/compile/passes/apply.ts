import { apply } from '../../../ts/core/apply.ts';
import { walkBack } from '../../../ts/core/tape.ts';
import type { Tensor } from '../../../ts/core/tensor.ts';
import { add as addOp } from '../../../ts/ops/add.ts';
import {
  batchNormBackward,
  type BatchNormBackwardInputs,
  type BatchNormGradients,
} from '../../../ts/ops/batchNorm/batchNormBackward.ts';
import { batchNormInference } from '../../../ts/ops/batchNorm/batchNormInference.ts';
import { batchNormTrain } from '../../../ts/ops/batchNorm/batchNormTrain.ts';
import type { RunningNorm } from '../../../ts/ops/batchNorm/norm.ts';
import { conv2d, type Conv2dAttrs, type Conv2dInputs } from '../../../ts/ops/conv2d/conv2d.ts';
import {
  conv2dBackwardInput,
  type Conv2dBackwardInputInputs,
} from '../../../ts/ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from '../../../ts/ops/conv2d/conv2dBackwardWeight.ts';
import type { Of } from '../../../ts/ops/places.ts';

const GEOMETRY = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
} as const;

/** A convolution at stride 1 without padding, unless it is told otherwise. */
export const conv = (inputs: Of<Conv2dInputs, Tensor>, attrs: Partial<Conv2dAttrs> = {}): Tensor =>
  apply(conv2d, inputs, { ...GEOMETRY, relu: false, ...attrs }).y;

/** The gradient of a convolution's input, as walking back makes it; `size` is the input's. */
export const convBackwardInput = (
  inputs: Of<Conv2dBackwardInputInputs, Tensor>,
  size: number,
): Tensor =>
  walkBack(() => apply(conv2dBackwardInput, inputs, { ...GEOMETRY, inputSize: [size, size] }).dx);

/** The gradient of a convolution's weight, as walking back makes it; `side` is the kernel's. */
export const convBackwardWeight = (x: Tensor, dy: Tensor, side: number): Tensor =>
  walkBack(
    () => apply(conv2dBackwardWeight, { x, dy }, { ...GEOMETRY, kernelSize: [side, side] }).dw,
  );

type Running = Of<RunningNorm, Tensor>;

/** Batch norm by running statistics. */
export const normInference = (
  x: Tensor,
  { gamma, beta, runningMean, runningVar }: Running,
  relu = false,
): Tensor =>
  apply(batchNormInference, { x, gamma, beta, runningMean, runningVar }, { eps: 0.5, relu }).y;

/** Batch norm by the statistics of the batch; outputs y, mean, rstd. */
export const normTrain = (
  x: Tensor,
  { gamma, beta, runningMean, runningVar }: Running,
  relu = false,
): { readonly y: Tensor; readonly mean: Tensor; readonly rstd: Tensor } =>
  apply(
    batchNormTrain,
    { x, gamma, beta, runningMean, runningVar },
    { eps: 0.5, momentum: 0.25, relu },
  );

/** The gradients of batch norm, as walking back makes them. */
export const normBackward = (
  inputs: Of<BatchNormBackwardInputs, Tensor>,
): Of<BatchNormGradients, Tensor> => walkBack(() => apply(batchNormBackward, inputs, {}));

/** A sum. */
export const add = (a: Tensor, b: Tensor, relu = false): Tensor =>
  apply(addOp, { a, b }, { relu }).y;
