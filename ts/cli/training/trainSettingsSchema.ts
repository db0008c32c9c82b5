import { boolean, looseObject, optional, picklist, type GenericSchema } from 'valibot';
import { DATASETS, type DatasetName } from '../../data/catalog.ts';
import { FormatError } from '../../base/errors.ts';
import { checkJson, parseJson } from '../../io/readJson.ts';
import { numberFrom, plainText, someObject, wholeNumber } from '../../io/schemas.ts';
import { shown } from '../../base/settings.ts';
import type { CheckpointFacts } from '../../train/checkpoint.ts';
import { stemFor } from '../../models/stemFor.ts';
import { SCHEDULES, type TrainSettings } from './trainSettings.ts';

/** The largest number below 1. */
const BELOW_ONE = 1 - Number.EPSILON / 2;

/** Settings as config.json and checkpoints keep them; others that a later version adds are kept. */
const trainSettingsSchema = (): GenericSchema<unknown, TrainSettings> =>
  looseObject({
    model: plainText(),
    data: plainText(),
    epochs: wholeNumber(1),
    batch: wholeNumber(1),
    accumulate: optional(wholeNumber(1)),
    dropLast: optional(boolean()),
    lr: numberFrom(0),
    seed: wholeNumber(0),
    optimizer: picklist(['sgd', 'adamw']),
    momentum: numberFrom(0, BELOW_ONE),
    weightDecay: numberFrom(0),
    schedule: picklist(SCHEDULES),
    labelSmoothing: numberFrom(0, BELOW_ONE),
    augment: boolean(),
    numerics: picklist(['strict', 'fast']),
    limit: optional(wholeNumber(1)),
    testLimit: optional(wholeNumber(1)),
  });

/** What config.json says besides of where the run took place. */
const CIRCUMSTANCES = ['threads', 'build', 'runtime', 'started', 'resumedAtStep'];

/**
 * The settings of a run by the text of its config.json.
 *
 * @throws {FormatError} for settings that are none
 */
export function settingsInConfig(text: string, file: string): TrainSettings {
  const written = checkJson(someObject(), parseJson(text, file), file);
  const settings = Object.entries(written).filter(([name]) => !CIRCUMSTANCES.includes(name));
  return checkJson(trainSettingsSchema(), Object.fromEntries(settings), file);
}

/**
 * The settings of the run that wrote a checkpoint; undefined where something else than `residua train` wrote it.
 *
 * @throws {FormatError} for settings that are none, or images of another size or other classes than the run's data set has
 */
export function settingsInCheckpoint(
  { data, modelOptions, settings }: CheckpointFacts,
  file: string,
): TrainSettings | undefined {
  const written = settings['train'];
  if (written === undefined) return undefined;
  const place = `${file}: checkpoint: settings.train`;
  const checked = checkJson(trainSettingsSchema(), written, place);
  const known: Readonly<Record<string, (typeof DATASETS)[DatasetName]>> = DATASETS;
  const facts = Object.hasOwn(known, checked.data) ? known[checked.data] : undefined;
  const sizeOf = ({ height, width, channels }: typeof data): string =>
    `${height} × ${width} × ${channels}`;
  if (facts && sizeOf(facts) !== sizeOf(data)) {
    throw new FormatError(
      `${file}: checkpoint: data: images are ${sizeOf(data)} but those of ${checked.data} are ${sizeOf(facts)}`,
    );
  }
  if (facts && facts.classes.join('\n') !== data.classes.join('\n')) {
    throw new FormatError(
      `${file}: checkpoint: data.classes: are ${shown(data.classes)} but those of ${checked.data} are ${shown(facts.classes)}`,
    );
  }
  const { stem } = stemFor(data.height);
  if (modelOptions.stem !== stem) {
    throw new FormatError(
      `${file}: checkpoint: data.height: is ${data.height}, for which the stem is ${stem ?? "the network's own"}, but ` +
        `modelOptions.stem is ${modelOptions.stem ?? 'not given'}`,
    );
  }
  return checked;
}

/**
 * Seconds that a run had trained before its checkpoint.
 *
 * @throws {FormatError} for a number that is none
 */
export function secondsInCheckpoint({ settings }: CheckpointFacts, file: string): number {
  const place = `${file}: checkpoint: settings.trainSeconds`;
  return checkJson(optional(numberFrom(0), 0), settings['trainSeconds'], place);
}
