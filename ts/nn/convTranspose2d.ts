import { expectOptions, expectWhole, type OptionNames } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import {
  convTranspose2d,
  cutOff,
  type ConvTranspose2dOptions as Geometry,
} from '../functions/convTranspose2d.ts';
import { checkWindow, pairOf } from '../functions/window.ts';
import { uniform } from './initialize.ts';
import { Module } from './module.ts';

/** Settings of a {@link ConvTranspose2d}. */
export interface ConvTranspose2dOptions extends Omit<Geometry, 'bias'> {
  /** Side of the kernel, or [height, width]. */
  readonly kernelSize: number | readonly [number, number];
  /** Adds a bias per output channel; true by default. */
  readonly bias?: boolean;
}

const OPTIONS: OptionNames<ConvTranspose2dOptions> = {
  kernelSize: 1,
  bias: 1,
  stride: 1,
  padding: 1,
  outputPadding: 1,
  dilation: 1,
  groups: 1,
};

/**
 * Transposed convolution: `[N, H, W, inChannels]` → `[N, OH, OW, outChannels]`, with
 * `OH = (H - 1)·stride - 2·padding + dilation·(KH - 1) + 1 + outputPadding`. Starts, as in PyTorch, from U(±1/√f) for weights and bias,
 * f being KH·KW·outChannels/groups.
 *
 * @example
 * import { ConvTranspose2d, tensor } from 'residua';
 *
 * const larger = new ConvTranspose2d(16, 8, { kernelSize: 2, stride: 2 });
 * const x = tensor(new Float32Array(4 * 4 * 16), [1, 4, 4, 16]);
 * console.log(larger.forward(x).shape); // 1, 8, 8, 8
 */
export class ConvTranspose2d extends Module {
  /** `[KH, KW, outChannels / groups, inChannels]`. */
  readonly weight: Tensor;
  /** `[outChannels]`. */
  readonly bias?: Tensor;
  readonly #options: ConvTranspose2dOptions;

  /** Throws RangeError for a size that is not a whole number ≥ 1, or when `groups` does not divide both channel counts. */
  constructor(inChannels: number, outChannels: number, options: ConvTranspose2dOptions) {
    super();
    const place = 'ConvTranspose2d';
    expectOptions(place, options, OPTIONS);
    this.#options = structuredClone(options);
    const { kernelSize, stride, dilation, groups = 1 } = options;
    for (const [name, value] of Object.entries({ inChannels, outChannels, groups }))
      expectWhole(place, name, value);
    checkWindow(place, {
      kernelSize,
      stride,
      dilation,
      padding: cutOff(place, options.padding ?? 0),
    });
    for (const extra of pairOf(options.outputPadding ?? 0, `${place}: outputPadding`))
      expectWhole(place, 'outputPadding', extra, 0);
    if (inChannels % groups || outChannels % groups) {
      throw new RangeError(
        `${place}: ${groups} groups do not divide ${inChannels} and ${outChannels} channels`,
      );
    }
    const [height, width] = pairOf(kernelSize, `${place}: kernelSize`);
    const depth = outChannels / groups;
    const bound = 1 / Math.sqrt(height * width * depth);
    this.weight = uniform([height, width, depth, inChannels], bound);
    if (options.bias ?? true) this.bias = uniform([outChannels], bound);
  }

  override forward(x: Tensor): Tensor {
    const { stride, padding, outputPadding, dilation, groups } = this.#options;
    return this.here(() =>
      convTranspose2d(x, this.weight, {
        bias: this.bias,
        stride,
        padding,
        outputPadding,
        dilation,
        groups,
      }),
    );
  }

  override describe(): string {
    const [height, width, depth] = this.weight.shape;
    const { stride = 1, groups = 1 } = this.#options;
    const moves = stride === 1 ? '' : `, stride ${String(stride)}`;
    return `ConvTranspose2d ${height}×${width}, ${depth! * groups}${moves}`;
  }
}
