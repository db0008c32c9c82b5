import { unknownName } from '../base/nearestName.ts';
import type { Classifier, ModelOptions } from './classifier.ts';
import { modelName } from './modelName.ts';
import { models } from './registry.ts';

/** A network that a person named. */
export interface FoundModel {
  /** Its name in `models`. */
  readonly name: string;
  readonly make: (options?: ModelOptions) => Classifier;
}

/**
 * The network of a name as people write it.
 *
 * @throws {RangeError} with the nearest known name when there is none
 */
export function findModel(written: string): FoundModel {
  const name = modelName(written);
  if (name === undefined) throw new RangeError(unknownName('model', written, Object.keys(models)));
  return { name, make: models[name]! };
}
