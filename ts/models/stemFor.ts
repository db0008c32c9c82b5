import type { ModelOptions } from './registry.ts';

/** Images smaller than this lose too much in the stem for photographs. */
const SMALL_IMAGE = 64;

/** The stem for images of this height: networks keep their own for large ones. */
export function stemFor(height: number): Pick<ModelOptions, 'stem'> {
  return height < SMALL_IMAGE ? { stem: 'cifar' } : {};
}
