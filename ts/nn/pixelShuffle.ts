import { expectWhole } from '../base/settings.ts';
import { pixelShuffle } from '../functions/pixelShuffle.ts';
import { pixelUnshuffle } from '../functions/pixelUnshuffle.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** Makes pixels of channels, in PyTorch's order: `[N, H, W, C·r²]` → `[N, H·r, W·r, C]`. */
export class PixelShuffle extends Module {
  readonly #factor: number;

  /** Throws RangeError for a factor that is not a whole number ≥ 1. */
  constructor(factor: number) {
    super();
    expectWhole('PixelShuffle', 'factor', factor);
    this.#factor = factor;
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => pixelShuffle(x, this.#factor));
  }
}

/** Makes channels of pixels, the inverse of {@link PixelShuffle}: `[N, H·r, W·r, C]` → `[N, H, W, C·r²]`. */
export class PixelUnshuffle extends Module {
  readonly #factor: number;

  /** Throws RangeError for a factor that is not a whole number ≥ 1. */
  constructor(factor: number) {
    super();
    expectWhole('PixelUnshuffle', 'factor', factor);
    this.#factor = factor;
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => pixelUnshuffle(x, this.#factor));
  }
}
