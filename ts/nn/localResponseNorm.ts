import { expectNumber, expectOptions, expectWhole } from '../base/settings.ts';
import {
  LOCAL_RESPONSE_NORM_OPTIONS,
  localResponseNorm,
  type LocalResponseNormOptions,
} from '../functions/localResponseNorm.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** Divides by the neighbouring channels (Krizhevsky et al. 2012): `[…, C]` → `[…, C]`. */
export class LocalResponseNorm extends Module {
  readonly #options: LocalResponseNormOptions;

  /** Throws RangeError for a size that is no whole number ≥ 1, or a setting that is no number. */
  constructor(options: LocalResponseNormOptions) {
    super();
    expectOptions('LocalResponseNorm', options, LOCAL_RESPONSE_NORM_OPTIONS);
    const { size, ...numbers } = options;
    expectWhole('LocalResponseNorm', 'size', size);
    for (const [name, value] of Object.entries(numbers))
      if (value !== undefined) expectNumber('LocalResponseNorm', name, value);
    this.#options = { ...options };
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => localResponseNorm(x, this.#options));
  }
}
