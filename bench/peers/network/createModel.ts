import { stemFor } from '../../../ts/models/stemFor.ts';
import type { Classifier } from '../../../ts/models/classifier.ts';
import type { Workload } from '../workload.ts';
import { allModels } from '../../../ts/models/allModels.ts';

type Images = Pick<Workload, 'model' | 'size' | 'channels'>;

/** The network of a job on the current engine, as `residua bench` makes it. */
export function createModel({ model, size, channels }: Images): Classifier {
  return allModels[model]!({ ...stemFor(size), inChannels: channels, seed: 1 });
}
