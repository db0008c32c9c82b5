import { subsamplePad } from '../../functions/subsamplePad.ts';
import { expectWhole } from '../../base/settings.ts';
import type { Tensor } from '../../core/tensor.ts';
import { Module } from '../module.ts';

/**
 * Shortcut A of He et al. (2015): every `stride`-th pixel, with zero channels added half before and half after. Has no
 * weights. `[N, H, W, inChannels]` → `[N, ⌈H / stride⌉, ⌈W / stride⌉, outChannels]`.
 *
 * @example
 * ```ts
 * import { init, SubsamplePad, zeros } from 'residua';
 *
 * await init();
 * console.log(new SubsamplePad(4, 8, 2).forward(zeros([1, 6, 6, 4])).shape); // [1, 3, 3, 8]
 * ```
 */
export class SubsamplePad extends Module {
  readonly #stride: number;
  readonly #before: number;
  readonly #after: number;

  /** Throws RangeError when there are fewer channels after than before. */
  constructor(inChannels: number, outChannels: number, stride: number) {
    super();
    for (const [name, value] of Object.entries({ inChannels, outChannels, stride }))
      expectWhole('SubsamplePad', name, value);
    const added = outChannels - inChannels;
    if (added < 0) {
      throw new RangeError(
        `SubsamplePad: ${inChannels} channels cannot become ${outChannels}: it adds zeros but leaves none out`,
      );
    }
    this.#stride = stride;
    this.#before = Math.floor(added / 2);
    this.#after = added - this.#before;
  }

  override forward(x: Tensor): Tensor {
    const [stride, before, after] = [this.#stride, this.#before, this.#after];
    return this.here(() => subsamplePad(x, { stride, before, after }));
  }

  override describe(): string {
    return `SubsamplePad +${this.#before + this.#after}, stride ${this.#stride}`;
  }
}
