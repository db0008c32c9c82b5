import { channelsOf, pixelsOf, sizeOf } from '../../base/shape.ts';
import { elementwiseChunks } from '../chunks.ts';
import { expectPerChannel } from '../expect.ts';
import type { Pointer } from '../../kernels/step.ts';
import type { Lowering, Op, View } from '../op.ts';
import type { One } from '../places.ts';

/** `w·scale` for weights `[KH, KW, C/groups, O]` that kernels read as they are, and a scale `[O]`. */
export const scaleWeights: Op<{ w: One; scale: One }, { scaled: One }, object> = {
  name: 'scaleWeights',
  denseInputs: ['w'],
  denseOutputs: ['scaled'],
  infer({ w, scale }) {
    expectPerChannel('scaleWeights', 'scale', scale, w);
    return { scaled: { shape: w.shape, dtype: 'f32' } };
  },
  lower: (to, { w, scale }, { scaled }) => lowerScale(to, w, scale, scaled.pointer),
};

/** Emits the step that scales weights. */
export function lowerScale(to: Lowering, w: View, scale: View, folded: Pointer): void {
  const [rows, channels] = [pixelsOf(w.shape), channelsOf(w.shape)];
  to.step({
    kernel: 'batchNorm.fold.f32/simd',
    chunks: elementwiseChunks(sizeOf(w.shape)),
    args: { w: w.pointer, scale: scale.pointer, folded, rows, channels },
  });
}
