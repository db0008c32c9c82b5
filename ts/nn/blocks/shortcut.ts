import { expectOneOf } from '../../base/settings.ts';
import { Conv2d } from '../conv2d.ts';
import { Identity } from '../identity.ts';
import type { Module } from '../module.ts';
import { Sequential } from '../sequential.ts';
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

/** The shortcut that a block's options name, or kind B. */
export function shortcutOf(
  options: BlockOptions,
  inChannels: number,
  outChannels: number,
  norm: Norm | null,
): Module | null {
  if (options.shortcut !== undefined) return options.shortcut;
  return shortcut('B', inChannels, outChannels, { stride: options.stride ?? 1, norm });
}
