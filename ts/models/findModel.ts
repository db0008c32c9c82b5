import { unknownName } from '../base/nearestName.ts';
import { allModels } from './allModels.ts';
import type { Classifier, ModelOptions } from './classifier.ts';
import { modelName } from './modelName.ts';

/** A network that a person named. */
export interface FoundModel {
  /** Its name in `allModels`. */
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
  if (name === undefined)
    throw new RangeError(unknownName('model', written, Object.keys(allModels)));
  return { name, make: allModels[name]! };
}
