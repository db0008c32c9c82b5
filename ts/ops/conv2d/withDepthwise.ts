import { extra } from '../../kernels/extra.ts';
import { needExtra } from '../../kernels/needsExtra.ts';
import {
  cutDepthwiseWeight,
  emitDepthwise,
  emitDepthwiseInput,
  scaleDepthwise,
} from './depthwise.ts';
import { noteDepthwiseKernels } from './depthwiseKernels.ts';

/**
 * A function that computes depthwise convolutions: where this is evaluated, engines load the extra module from then on, and convolutions
 * whose groups have one channel take its kernels. The call is annotated as pure (`@__PURE__`), by which bundlers leave the module out of
 * programs that do not use the function.
 */
export function withDepthwise<F>(made: F): F {
  needExtra(extra);
  noteDepthwiseKernels({
    cutDepthwiseWeight,
    emitDepthwise,
    emitDepthwiseInput,
    scaleDepthwise,
  });
  return made;
}
