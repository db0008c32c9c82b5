import { expectOneOf } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Conv2d } from '../conv2d.ts';
import { Identity } from '../identity.ts';
import type { Module } from '../module.ts';
import { Sequential } from '../sequential.ts';
import { assertJoins } from './assertJoins.ts';
import type { BlockOptions, Norm } from './blockOptions.ts';
import { SubsamplePad } from './subsamplePad.ts';

/**
 * Kinds of shortcuts (He et al. 2015, section 4.1). `A`: identity, with pixels left out and zero channels added where
 * shapes differ. `B`: identity, and a 1×1 projection where shapes differ. `C`: always a projection.
 */
export type ShortcutKind = 'A' | 'B' | 'C';

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
  expectOneOf('shortcut', 'kind', kind, ['A', 'B', 'C']);
  const same = stride === 1 && inChannels === outChannels;
  if (same && kind !== 'C') return new Identity();
  if (kind === 'A') return new SubsamplePad(inChannels, outChannels, stride);
  const projection = new Conv2d(inChannels, outChannels, { kernelSize: 1, stride, bias });
  return norm ? new Sequential(projection, norm(outChannels)) : projection;
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
