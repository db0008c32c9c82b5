import { ShapeError } from '../base/errors.ts';
import { expectNumber, expectWhole, shown } from '../base/settings.ts';
import { padAxes, type PadAxesOptions } from '../functions/padAxes.ts';
import { sidesOf } from '../functions/window.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Pair, Sides } from '../ops/conv2d/geometry.ts';
import { Module } from './module.ts';

/** Pixels around an image: on each side, `[height, width]`, or `[top, right, bottom, left]`. */
export type ImagePadding = number | Pair | Sides;

/** What the layers that pad images have in common. */
abstract class Pad2d extends Module {
  readonly #sides: Sides;
  readonly #how: Omit<PadAxesOptions, 'padding'>;

  constructor(name: string, padding: ImagePadding, how: Omit<PadAxesOptions, 'padding'>) {
    super();
    if (typeof padding === 'string')
      throw new ShapeError(`${name}: padding is ${shown(padding)} but must be numbers of pixels`);
    this.#sides = sidesOf(name, padding, [1, 1], [1, 1], [1, 1], [1, 1]);
    for (const side of this.#sides) expectWhole(name, 'padding', side, 0);
    this.#how = how;
  }

  override forward(x: Tensor): Tensor {
    const [top, right, bottom, left] = this.#sides;
    const padding = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ] as const;
    return this.here(() => padAxes(x, { ...this.#how, padding }));
  }
}

/** Zeros around images: `[N, H, W, C]` → `[N, top + H + bottom, left + W + right, C]`. */
export class ZeroPad2d extends Pad2d {
  /** Throws RangeError for what is no padding. */
  constructor(padding: ImagePadding) {
    super('ZeroPad2d', padding, {});
  }
}

/** A number around images: `[N, H, W, C]` → `[N, top + H + bottom, left + W + right, C]`. */
export class ConstantPad2d extends Pad2d {
  /** Throws RangeError for what is no padding, or no number. */
  constructor(padding: ImagePadding, value: number) {
    expectNumber('ConstantPad2d', 'value', value);
    super('ConstantPad2d', padding, { value });
  }
}

/**
 * The pixels next to the border, mirrored around it: `[N, H, W, C]` → `[N, top + H + bottom, left + W + right, C]`. The padding is less than
 * the image.
 */
export class ReflectionPad2d extends Pad2d {
  /** Throws RangeError for what is no padding. */
  constructor(padding: ImagePadding) {
    super('ReflectionPad2d', padding, { mode: 'reflect' });
  }
}

/** The border's pixels again and again: `[N, H, W, C]` → `[N, top + H + bottom, left + W + right, C]`. */
export class ReplicationPad2d extends Pad2d {
  /** Throws RangeError for what is no padding. */
  constructor(padding: ImagePadding) {
    super('ReplicationPad2d', padding, { mode: 'edge' });
  }
}
