import { expectOptions, type OptionNames } from '../base/settings.ts';
import type { Shape } from '../base/shape.ts';
import { apply } from '../core/apply.ts';
import { layerNorm as op } from '../ops/layerNorm/layerNorm.ts';
import type { Tensor } from '../core/tensor.ts';

/** Parameters of {@link layerNorm}, each of the normalised shape, and what is added to the variance. */
export interface LayerNormOptions {
  /** γ; 1 where it is absent. */
  readonly weight?: Tensor;
  /** β; 0 where it is absent. */
  readonly bias?: Tensor;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
}

const OPTIONS: OptionNames<LayerNormOptions> = { weight: 1, bias: 1, eps: 1 };

/**
 * `γ·(x - μ)/√(σ² + eps) + β` with mean and biased variance over the last axes (Ba, Kiros and Hinton 2016): x `[…, C]` for a number
 * C, as in ConvNeXt, or `[…, …normalizedShape]`.
 *
 * @throws ShapeError when x does not end with these sizes, or a parameter has others.
 * @example
 * import { layerNorm, tensor } from 'residua';
 *
 * console.log(layerNorm(tensor([1, 3, 20, 40], [2, 2]), 2).data()); // -1, 1, -1, 1
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  options: LayerNormOptions = {},
): Tensor {
  expectOptions('layerNorm', options, OPTIONS);
  const { weight, bias, eps = 1e-5 } = options;
  const sizes = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  return apply(op, { x, gamma: weight, beta: bias }, { normalizedShape: sizes, eps }).y;
}
