import { stemFor } from '../../../ts/models/stemFor.ts';
import type { Classifier } from '../../../ts/models/classifier.ts';
import type { Workload } from '../workload.ts';
import { models } from '../../../ts/models/registry.ts';

type Images = Pick<Workload, 'model' | 'size' | 'channels'>;

/** The network of a job on the current engine, as `residua bench` makes it. */
export function createModel({ model, size, channels }: Images): Classifier {
  return models[model]!({ ...stemFor(size), inChannels: channels, seed: 1 });
}
