import { expectOptions, expectWhole, type OptionNames } from '../base/settings.ts';
import type { Shape } from '../base/shape.ts';
import { parameter } from '../core/create.ts';
import type { Tensor } from '../core/tensor.ts';
import { layerNorm } from '../functions/layerNorm.ts';
import { expectNormSettings } from '../ops/batchNorm/norm.ts';
import { constant } from './initialize.ts';
import { Module } from './module.ts';

/** Settings of a {@link LayerNorm}. */
export interface LayerNormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Learns γ, and β unless `bias` is false; true by default. PyTorch's `elementwise_affine`. */
  readonly affine?: boolean;
  /** Learns β where `affine` is true; true by default. */
  readonly bias?: boolean;
}

const OPTIONS: OptionNames<LayerNormLayerOptions> = { eps: 1, affine: 1, bias: 1 };

/**
 * Layer normalisation (Ba, Kiros and Hinton 2016) over the last axes: `y = γ·(x - μ)/√(σ² + eps) + β`, with their mean and biased
 * variance. A number stands for the last axis: the channels of `[N, H, W, C]`, as in ConvNeXt.
 *
 * @example
 * import { LayerNorm, tensor } from 'residua';
 *
 * const norm = new LayerNorm(2);
 * console.log(norm.forward(tensor([1, 3, 20, 40], [2, 2])).data()); // -1, 1, -1, 1
 */
export class LayerNorm extends Module {
  /** γ, of the normalised shape, unless `affine` is false. */
  readonly weight?: Tensor;
  /** β, of the normalised shape, unless `affine` or `bias` is false. */
  readonly bias?: Tensor;
  readonly normalizedShape: Shape;
  /** Added to the variance. */
  eps: number;

  /** Throws RangeError for a setting out of its range, or no axes. */
  constructor(normalizedShape: number | Shape, options: LayerNormLayerOptions = {}) {
    super();
    expectOptions('LayerNorm', options, OPTIONS);
    const sizes = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    if (sizes.length === 0) throw new RangeError('LayerNorm: normalizedShape has no axes');
    for (const size of sizes) expectWhole('LayerNorm', 'normalizedShape', size);
    this.normalizedShape = sizes;
    this.eps = options.eps ?? 1e-5;
    expectNormSettings('LayerNorm', this);
    if (!(options.affine ?? true)) return;
    this.weight = constant(sizes, 1);
    if (options.bias ?? true) this.bias = parameter(sizes);
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return this.here(() => layerNorm(x, this.normalizedShape, { weight, bias, eps }));
  }

  override describe(): string {
    return `LayerNorm ${this.normalizedShape.join('×')}`;
  }
}
