import { parameter } from '../core/create.ts';
import { conv2d, type Conv2dOptions as Geometry } from '../functions/conv2d.ts';
import { checkWindow, pairOf } from '../functions/window.ts';
import { expectWhole } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { heNormal } from './initialize.ts';
import { Module } from './module.ts';

/** Settings of a {@link Conv2d}. */
export interface Conv2dOptions extends Pick<
  Geometry,
  'stride' | 'padding' | 'dilation' | 'groups'
> {
  /** Side of the kernel, or [height, width]. */
  readonly kernelSize: number | readonly [number, number];
  /** Adds a bias per output channel; true by default. */
  readonly bias?: boolean;
}

/**
 * 2-D convolution: `[N, H, W, inChannels]` → `[N, OH, OW, outChannels]`. Starts from He's normal weights with fan-out
 * and zero bias.
 *
 * @example
 * import { Conv2d, tensor } from 'residua';
 *
 * const conv = new Conv2d(3, 16, { kernelSize: 3, padding: 1 });
 * const x = tensor(new Float32Array(8 * 8 * 3), [1, 8, 8, 3]);
 * console.log(conv.forward(x).shape); // 1, 8, 8, 16
 */
export class Conv2d extends Module {
  /** `[KH, KW, inChannels / groups, outChannels]`. */
  readonly weight: Tensor;
  /** `[outChannels]`. */
  readonly bias?: Tensor;
  readonly #options: Conv2dOptions;

  /** Throws RangeError for a size that is not a whole number ≥ 1, or when `groups` does not divide both channel counts. */
  constructor(inChannels: number, outChannels: number, options: Conv2dOptions) {
    super();
    this.#options = structuredClone(options);
    const groups = options.groups ?? 1;
    for (const [name, value] of Object.entries({ inChannels, outChannels, groups }))
      expectWhole('Conv2d', name, value);
    checkWindow('Conv2d', options);
    if (inChannels % groups || outChannels % groups) {
      throw new RangeError(
        `Conv2d: ${groups} groups do not divide ${inChannels} and ${outChannels} channels`,
      );
    }
    const [height, width] = pairOf(options.kernelSize, 'Conv2d: kernelSize');
    const fanOut = (height * width * outChannels) / groups;
    this.weight = heNormal([height, width, inChannels / groups, outChannels], fanOut);
    if (options.bias ?? true) this.bias = parameter([outChannels]);
  }

  get inChannels(): number {
    return this.weight.shape[2]! * (this.#options.groups ?? 1);
  }

  /** Steps of the kernel, [height, width]. */
  get stride(): readonly [number, number] {
    return pairOf(this.#options.stride ?? 1, 'Conv2d: stride');
  }

  /** How the kernel moves, as it was asked for. */
  get geometry(): Pick<Geometry, 'stride' | 'padding' | 'dilation' | 'groups'> {
    const { stride, padding, dilation, groups } = this.#options;
    return { stride, padding, dilation, groups };
  }

  override forward(x: Tensor): Tensor {
    const { stride, padding, dilation, groups } = this.#options;
    return this.here(() =>
      conv2d(x, this.weight, { bias: this.bias, stride, padding, dilation, groups }),
    );
  }

  override describe(): string {
    const [height, width, , outChannels] = this.weight.shape;
    const stride = this.#options.stride ?? 1;
    return `Conv2d ${height}×${width}, ${outChannels}${stride === 1 ? '' : `, stride ${String(stride)}`}`;
  }
}
