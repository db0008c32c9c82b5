import { join } from 'node:path';
import type { Width } from '../../kernels/chooseWidth.ts';
import { RUN_FILES } from '../../train/node/runDirectory.ts';
import { formatPairs, megabytes, percent } from '../terminal/format.ts';
import type { TrainSettings } from './trainSettings.ts';

/** Contents of result.json. */
export interface TrainResult {
  /** Share of the test images, 0…1, by the weights of the last step; null when it was stopped before they were tested. */
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  readonly testImages: number | null;
  /** Seconds of training, batches included, evaluation not; of all sessions of the run. */
  readonly trainSeconds: number;
  /** Speed of this session; null when all steps had been done before. */
  readonly imagesPerSecond: number | null;
  readonly step: number;
  readonly steps: number;
  readonly epochs: number;
  /** Bytes of activations, gradients and workspaces of the training plan. */
  readonly peakBytes: number;
  /** Bytes of weights, statistics and optimizer state. */
  readonly stateBytes: number;
  readonly build: string;
  /** Bits of its vectors; a run may go on with another width. */
  readonly simd: Width;
  readonly threads: number;
  readonly numerics: string;
  readonly runtime: string;
  readonly model: string;
  readonly data: string;
  /** Whether it was stopped before its last step. */
  readonly aborted: boolean;
}

/** Rows of the closing table. */
export function resultRows(result: TrainResult): [string, string][] {
  const { testAccuracy, testLoss, testImages } = result;
  const tested: [string, string][] =
    testAccuracy === null || testLoss === null
      ? [['test accuracy', 'not measured']]
      : [
          ['test accuracy', `${percent(testAccuracy)} of ${testImages} images`],
          ['test loss', testLoss.toFixed(4)],
        ];
  return [
    ...tested,
    ['steps', `${result.step} of ${result.steps}${result.aborted ? ', stopped early' : ''}`],
    ['training time', `${result.trainSeconds.toFixed(1)} s`],
    ['images/s', result.imagesPerSecond?.toFixed(0) ?? 'not measured'],
    ['peak memory', `${megabytes(result.peakBytes)} plan + ${megabytes(result.stateBytes)} state`],
    ['WASM build', `${result.build}, ${result.simd} bits, ${result.numerics} numerics`],
    ['threads', String(result.threads)],
    ['runtime', result.runtime],
  ];
}

/** The closing table. */
export function describeResult(result: TrainResult, directory: string): string {
  return formatPairs([
    ...resultRows(result),
    ['run', directory],
    ['report', join(directory, RUN_FILES.report)],
  ]);
}

/** Rows of the report's table of settings. */
export function settingRows(settings: TrainSettings): [string, string][] {
  const { optimizer, momentum, limit } = settings;
  const { accumulate = 1, dropLast = false } = settings;
  const accumulated: [string, string][] =
    accumulate === 1 ? [] : [['batches a step', String(accumulate)]];
  const optional: [string, string][] =
    limit === undefined ? [] : [['training images', `first ${limit}`]];
  return [
    ['network', settings.model],
    ['data', settings.data],
    ...optional,
    ['epochs', String(settings.epochs)],
    ['batch', String(settings.batch)],
    ...accumulated,
    ...(dropLast ? [['last batch', 'left out where smaller'] as [string, string]] : []),
    ['optimizer', optimizer === 'sgd' ? `sgd, Nesterov momentum ${momentum}` : optimizer],
    ['learning rate', `${settings.lr}, ${settings.schedule}`],
    ['weight decay', String(settings.weightDecay)],
    ['label smoothing', String(settings.labelSmoothing)],
    ['augmentation', settings.augment ? 'yes' : 'none'],
    ['seed', String(settings.seed)],
  ];
}
