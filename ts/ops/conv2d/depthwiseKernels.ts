let known = false;

/** Whether this program has the depthwise kernels, which are in the extra module: without them such convolutions are grouped ones. */
export const hasDepthwiseKernels = (): boolean => known;

/** Notes that it has them. */
export function noteDepthwiseKernels(): void {
  known = true;
}
