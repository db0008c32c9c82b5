import type { MetricsRecord } from '../../train/node/metricsLog.ts';

/** How an epoch is cut into steps. */
export interface EpochCut {
  /** Images of an epoch that are trained on. */
  readonly images: number;
  /** Images of a step; the last has the rest. */
  readonly stepImages: number;
  readonly steps: number;
}

/** Loss and accuracy of an epoch: means over its images of what was noted of its steps, in whichever session these were. */
export function epochMeans(
  records: readonly MetricsRecord[],
  epoch: number,
  { images, stepImages, steps }: EpochCut,
): { loss: number; accuracy: number } {
  let [loss, accuracy, sum] = [0, 0, 0];
  for (const record of records) {
    if (record.kind !== 'step' || record.epoch !== epoch) continue;
    const before = ((record.step - 1) % steps) * stepImages;
    const count = Math.min(stepImages, images - before);
    loss += record.loss * count;
    accuracy += record.accuracy * count;
    sum += count;
  }
  return { loss: loss / sum, accuracy: accuracy / sum };
}
