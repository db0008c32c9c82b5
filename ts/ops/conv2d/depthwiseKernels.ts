import type * as depthwise from './depthwise.ts';

/** What emits their steps: in programs that have them alone. */
type DepthwiseKernels = Pick<
  typeof depthwise,
  'cutDepthwiseWeight' | 'emitDepthwise' | 'emitDepthwiseInput' | 'scaleDepthwise'
>;

let known: DepthwiseKernels | undefined;

/** Whether this program has the depthwise kernels, which are in the extra module: without them such convolutions are grouped ones. */
export const hasDepthwiseKernels = (): boolean => known !== undefined;

/** Notes that it has them. */
export function noteDepthwiseKernels(kernels: DepthwiseKernels): void {
  known = kernels;
}

/** What emits their steps. Throws Error in a program without. */
export function depthwiseKernels(): DepthwiseKernels {
  if (!known) throw new Error('conv2d: depthwise: import depthwiseConv2d to have its kernels');
  return known;
}
