import type { ImageDataset } from '../data/dataset.ts';
import { ShapeError } from '../base/errors.ts';
import { inferLike } from '../nn/inferLike.ts';
import { inMode } from '../nn/inMode.ts';
import type { Module } from '../nn/module.ts';
import { batchSpecs } from './batchSpecs.ts';
import { lossOf } from './lossOf.ts';
import type { Warn } from './readAs.ts';

/** The sizes of the batches that an epoch has: of whole ones, and of a smaller last one. */
export function batchSizes(images: number, batchSize: number, dropLast: boolean): number[] {
  const [whole, rest] = [Math.floor(images / batchSize), images % batchSize];
  return [...(whole > 0 ? [batchSize] : []), ...(rest > 0 && !dropLast ? [rest] : [])];
}

/**
 * Makes sure, before anything is computed, that a network takes the images of a data set in batches of these sizes, and that
 * it tells so many classes apart.
 *
 * @param place what is about to be done, for messages
 * @throws {ShapeError} when it does not take the images, or a last batch is too small for it
 * @throws {RangeError} when a label is none of its classes
 */
export function checkData(
  model: Module,
  data: ImageDataset,
  place: 'fit' | 'validation' | 'evaluate',
  sizes: readonly number[],
  warn: Warn,
): void {
  const { name, height, width, channels, classes, labels } = data;
  let outputs = 0;
  for (const [index, size] of sizes.entries()) {
    try {
      outputs = outputsOf(model, [size, height, width, channels], place === 'fit');
    } catch (error) {
      if (!(error instanceof ShapeError) || place !== 'fit' || index === 0) throw error;
      const images = size === 1 ? '1 image' : `${size} images`;
      throw new ShapeError(
        `fit: the last batch of an epoch has ${images}: ${error.message}: take another batch size, or leave it out (dropLast, --drop-last)`,
        { cause: error },
      );
    }
  }
  const counts = `${name} has ${classes.length} classes but the network tells ${outputs} apart`;
  const beyond = labels.findIndex((label) => label >= outputs);
  if (beyond >= 0) {
    const label = labels[beyond]!;
    throw new RangeError(
      `${place}: ${counts}: image ${beyond} is of class ${label} (${classes[label]})`,
    );
  }
  if (classes.length > outputs) warn(`residua: ${place}: ${counts}`);
}

function outputsOf(model: Module, shape: readonly number[], training: boolean): number {
  const logits = inMode(model, training, () =>
    inferLike((x, labels) => lossOf(model, x, labels, {}).logits, batchSpecs(shape)),
  );
  return logits.at(-1)!;
}
