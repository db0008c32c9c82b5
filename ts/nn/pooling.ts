import { adaptiveAvgPool2d } from '../functions/adaptiveAvgPool2d.ts';
import { AVG_POOL_OPTIONS, avgPool2d, type AvgPool2dOptions } from '../functions/avgPool2d.ts';
import { globalAvgPool2d } from '../functions/globalAvgPool2d.ts';
import { globalMaxPool2d } from '../functions/globalMaxPool2d.ts';
import { MAX_POOL_OPTIONS, maxPool2d, type MaxPool2dOptions } from '../functions/maxPool2d.ts';
import { checkWindow, pairOf } from '../functions/window.ts';
import { expectOptions, expectWhole } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** Largest value of each window: `[N, H, W, C]` → `[N, OH, OW, C]`. */
export class MaxPool2d extends Module {
  readonly #options: MaxPool2dOptions;

  /** Throws RangeError for a window that fits no image. */
  constructor(options: MaxPool2dOptions) {
    super();
    expectOptions('MaxPool2d', options, MAX_POOL_OPTIONS);
    checkWindow('MaxPool2d', options);
    this.#options = structuredClone(options);
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => maxPool2d(x, this.#options));
  }
}

/** Mean of each window: `[N, H, W, C]` → `[N, OH, OW, C]`. */
export class AvgPool2d extends Module {
  readonly #options: AvgPool2dOptions;

  /** Throws RangeError for a window that fits no image. */
  constructor(options: AvgPool2dOptions) {
    super();
    expectOptions('AvgPool2d', options, AVG_POOL_OPTIONS);
    checkWindow('AvgPool2d', options);
    this.#options = structuredClone(options);
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => avgPool2d(x, this.#options));
  }
}

/** Means over a grid of windows that cover the image: `[N, H, W, C]` → `[N, OH, OW, C]` for any H and W. */
export class AdaptiveAvgPool2d extends Module {
  readonly #outputSize: readonly [number, number];

  /** Throws RangeError for a size that is not a whole number ≥ 1. */
  constructor(outputSize: number | readonly [number, number]) {
    super();
    this.#outputSize = pairOf(outputSize, 'AdaptiveAvgPool2d: outputSize');
    for (const size of this.#outputSize) expectWhole('AdaptiveAvgPool2d', 'outputSize', size);
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => adaptiveAvgPool2d(x, this.#outputSize));
  }
}

/** Mean of each channel: `[N, H, W, C]` → `[N, C]`. */
export class GlobalAvgPool2d extends Module {
  override forward(x: Tensor): Tensor {
    return this.here(() => globalAvgPool2d(x));
  }
}

/** Largest value of each channel: `[N, H, W, C]` → `[N, C]`. */
export class GlobalMaxPool2d extends Module {
  override forward(x: Tensor): Tensor {
    return this.here(() => globalMaxPool2d(x));
  }
}
