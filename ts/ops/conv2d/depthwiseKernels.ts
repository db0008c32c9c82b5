import type { cutDepthwiseWeight, emitDepthwise, emitDepthwiseInput } from './depthwise.ts';

/** What computes depthwise convolutions. */
export interface DepthwiseKernels {
  readonly emitDepthwise: typeof emitDepthwise;
  readonly emitDepthwiseInput: typeof emitDepthwiseInput;
  readonly cutDepthwiseWeight: typeof cutDepthwiseWeight;
}

let known: DepthwiseKernels | undefined;

/** Whether this program has the depthwise kernels, which are in the extra module: without them such convolutions are grouped ones. */
export const hasDepthwiseKernels = (): boolean => known !== undefined;

/** Gives a program these kernels. */
export function giveDepthwiseKernels(kernels: DepthwiseKernels): void {
  known = kernels;
}

/** Throws Error in a program that has not got them. */
export function depthwiseKernels(): DepthwiseKernels {
  if (!known) throw new Error('conv2d: import depthwiseConv2d for the algorithm depthwise');
  return known;
}
