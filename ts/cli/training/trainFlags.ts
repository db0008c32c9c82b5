import { UsageError } from '../terminal/fail.ts';
import { findModel } from '../../models/findModel.ts';
import type { EngineFlags } from '../options.ts';
import { OPTIMIZER_DEFAULTS, type TrainSettings } from './trainSettings.ts';

/** Options of `residua train` as commander gives them. */
export interface TrainFlags extends EngineFlags {
  readonly model: string;
  readonly data: string;
  readonly dataDir?: string;
  readonly epochs: number;
  readonly batch: number;
  readonly accumulate: number;
  readonly dropLast?: boolean;
  readonly lr?: number;
  readonly seed: number;
  readonly optimizer: TrainSettings['optimizer'];
  readonly momentum: number;
  readonly weightDecay?: number;
  readonly schedule: TrainSettings['schedule'];
  readonly labelSmoothing: number;
  readonly augment?: boolean;
  readonly limit?: number;
  readonly testLimit?: number;
  readonly memoryBudget?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

/** Settings of a new run: flags, and defaults for what they leave open. */
export function settingsOf(flags: TrainFlags): TrainSettings {
  const {
    model,
    data,
    epochs,
    batch,
    accumulate,
    seed,
    optimizer,
    momentum,
    schedule,
    labelSmoothing,
  } = flags;
  const defaults = OPTIMIZER_DEFAULTS[optimizer];
  return {
    model: findModel(model).name,
    data,
    epochs,
    batch,
    accumulate,
    dropLast: flags.dropLast ?? false,
    lr: flags.lr ?? defaults.lr,
    seed,
    optimizer,
    momentum,
    weightDecay: flags.weightDecay ?? defaults.weightDecay,
    schedule,
    labelSmoothing,
    augment: flags.augment ?? data !== 'mnist',
    numerics: flags.numerics ?? 'fast',
    ...(flags.limit !== undefined && { limit: flags.limit }),
    ...(flags.testLimit !== undefined && { testLimit: flags.testLimit }),
  };
}

/** Options that may differ from those that a resumed run began with: they do not change what a step computes. */
const FREE = new Set([
  ...['epochs', 'testLimit', 'threads', 'simd', 'memoryBudget'],
  ...['dataDir', 'out', 'resume', 'json'],
]);

/**
 * Settings of a run that goes on: those it began with, and more epochs if they are asked for.
 *
 * @throws {UsageError} when a flag contradicts them
 */
export function resumedSettings(
  written: TrainSettings,
  flags: TrainFlags,
  given: ReadonlySet<string>,
): TrainSettings {
  const settings = {
    ...written,
    accumulate: written.accumulate ?? 1,
    dropLast: written.dropLast ?? false,
  };
  for (const name of given) {
    if (FREE.has(name)) continue;
    const [began, asked] = [settings, flags].map(
      (from) => (from as unknown as Record<string, unknown>)[name],
    );
    if (began !== asked) {
      throw new UsageError(
        `--resume: the run began with ${name} ${String(began)}, not ${String(asked)}`,
      );
    }
  }
  return {
    ...settings,
    ...(given.has('epochs') && { epochs: flags.epochs }),
    ...(flags.testLimit !== undefined && { testLimit: flags.testLimit }),
  };
}
