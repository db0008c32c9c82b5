import type { DatasetFacts } from '../data/catalog.ts';
import { FormatError, ShapeError } from '../base/errors.ts';
import { inferLike } from '../nn/inferLike.ts';
import { inMode } from '../nn/inMode.ts';
import type { Module } from '../nn/module.ts';
import { formatShape, sizeOf } from '../base/shape.ts';

/** Values that a layer may make of one image: half a gigabyte. */
const MOST_VALUES = 2 ** 27;

/**
 * Makes sure that a network takes the images that a checkpoint says it is for, with memory that there is, and has an output
 * for each of their classes. Nothing is computed.
 *
 * @returns how many outputs it has
 * @throws {FormatError} naming what does not fit
 */
export function checkImages(model: Module, data: DatasetFacts, place: string): number {
  const { height, width, channels, classes } = data;
  const images = `${height} × ${width} × ${channels}`;
  const input = { shape: [1, height, width, channels], dtype: 'f32' } as const;
  let outputs: number;
  let large: string | undefined;
  try {
    const logits = inMode(model, false, () =>
      inferLike(
        (x) => model.forward(x),
        [input],
        ({ shape }, path) => {
          if (sizeOf(shape) > MOST_VALUES)
            large ??= `${path || 'the network'} makes ${formatShape(shape)}`;
        },
      ),
    );
    outputs = logits.at(-1)!;
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    throw new FormatError(
      `${place}: data: images are ${images} but the network does not take them: ${cause.message}`,
      { cause },
    );
  }
  if (large !== undefined) {
    throw new FormatError(
      `${place}: data.height and width: images are ${images}, of which ${large} but at most ${MOST_VALUES} values are allowed`,
    );
  }
  if (classes.length > 0 && classes.length !== outputs) {
    throw new FormatError(
      `${place}: data.classes: has ${classes.length} names but the network has ${outputs} outputs`,
    );
  }
  return outputs;
}
