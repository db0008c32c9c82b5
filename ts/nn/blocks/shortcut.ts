import { expectOneOf } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import { Identity } from '../identity.ts';
import type { Module } from '../module.ts';
import { AvgPool2d } from '../pooling.ts';
import { Sequential } from '../sequential.ts';
import { assertJoins } from './assertJoins.ts';
import type { BlockOptions, Norm } from './blockOptions.ts';
import { SubsamplePad } from './subsamplePad.ts';

/**
 * Kinds of shortcuts (He et al. 2015, section 4.1). `A`: identity, with pixels left out and zero channels added where
 * shapes differ. `B`: identity, and a 1×1 projection where shapes differ. `C`: always a projection. `D`: as B, but averages the pixels that B's stride leaves out (He et al. 2019,
 * arXiv:1812.01187, ResNet-D).
 */
export type ShortcutKind = 'A' | 'B' | 'C' | 'D';

/**
 * The shortcut of a block. Shapes differ when the stride is not 1 **or** the channels change. A projection is followed by
 * `norm` (torchvision), or by nothing when that is null; `bias` is for the Keras tutorial's form.
 *
 * @throws RangeError for a kind that there is not, or for kind A when channels would have to be left out
 * @example
 * ```ts
 * import { batchNorm2d, init, noGrad, shortcut, zeros } from 'residua';
 *
 * await init();
 * const projection = shortcut('B', 4, 8, { stride: 2, norm: batchNorm2d });
 * console.log(noGrad(() => projection.forward(zeros([1, 6, 6, 4]))).shape); // [1, 3, 3, 8]
 * ```
 */
export function shortcut(
  kind: ShortcutKind,
  inChannels: number,
  outChannels: number,
  options: { stride: number; norm: Norm | null; bias?: boolean },
): Module {
  const { stride, norm, bias = false } = options;
  expectOneOf('shortcut', 'kind', kind, ['A', 'B', 'C', 'D']);
  const same = stride === 1 && inChannels === outChannels;
  if (same && kind !== 'C') return new Identity();
  if (kind === 'A') return new SubsamplePad(inChannels, outChannels, stride);
  const averages = kind === 'D';
  const step = averages ? 1 : stride;
  const projection = new Conv2d(inChannels, outChannels, { kernelSize: 1, stride: step, bias });
  const layers = [
    ...(averages ? [averaged(stride)] : []),
    projection,
    ...(norm ? [norm(outChannels)] : []),
  ];
  return layers.length === 1 ? projection : new Sequential(...layers);
}

/** Means of windows of the stride's size: `[N, H, W, C]` → `[N, ⌈H / stride⌉, ⌈W / stride⌉, C]`; nothing at stride 1. */
function averaged(stride: number): Module {
  return stride === 1
    ? new Identity()
    : new AvgPool2d({ kernelSize: stride, ceilMode: true, countIncludePad: false });
}

/** What a shortcut lies beside: F. */
interface Body {
  body(x: Tensor): Tensor;
}

/**
 * The shortcut of a block, for which F is made already: the one that its options name, or kind B; null for none.
 *
 * @throws ShapeError when it cannot be added to F
 */
export function shortcutBeside(
  block: Body,
  inChannels: number,
  outChannels: number,
  options: Pick<BlockOptions, 'stride' | 'shortcut'> & { norm: Norm | null },
): Module | null {
  const { stride = 1, norm } = options;
  const { shortcut: beside = shortcut('B', inChannels, outChannels, { stride, norm }) } = options;
  if (beside) assertJoins(block.constructor.name, (x) => block.body(x), beside, inChannels);
  return beside;
}
