import type { ImageDataset } from '../data/dataset.ts';
import type { Normalisation } from '../base/normalisation.ts';
import type { Module } from '../nn/module.ts';
import { shown } from '../base/settings.ts';

/** Says something to the person who trains. */
export type Warn = (message: string) => void;

const KINDS = ['mean', 'std'] as const;

/**
 * A data set as a network reads it: with the network's mean and deviation in the place of those that were measured on
 * these images. Those that the data set was given are kept, with a warning where they are not the network's.
 *
 * @param place what is about to be done, for messages
 * @throws {RangeError} when the images have another number of channels than the network's normalisation
 */
export function readAs(
  model: Module,
  data: ImageDataset,
  place: 'fit' | 'validation' | 'evaluate',
  warn: Warn,
): ImageDataset {
  const { normalisation } = model;
  const { name, channels, measured = [] } = data;
  if (!normalisation) {
    if (place === 'evaluate' && measured.length > 0) {
      warn(
        `residua: evaluate: ${name}: ${measured.join(' and ')} of its own images are used, as it has none that were given ` +
          "and the network does not say what it was trained with (the module's normalisation)",
      );
    }
    return data;
  }
  for (const kind of KINDS) {
    const { length } = normalisation[kind];
    if (length !== channels) {
      throw new RangeError(
        `${place}: ${name}: images have ${channels} channels but the network's ${kind} has ${length}`,
      );
    }
  }
  const others = KINDS.filter(
    (kind) => !measured.includes(kind) && !same(data[kind], normalisation[kind]),
  );
  if (others.length > 0) {
    const list = ({ mean, std }: Normalisation): string =>
      others.map((kind) => `${kind} ${shown(kind === 'mean' ? mean : std)}`).join(' and ');
    warn(
      `residua: ${place}: ${name}: its ${list(data)} are used, not ${list(normalisation)} of the network's training data`,
    );
  }
  const ownOr = (kind: keyof Normalisation): readonly number[] =>
    measured.includes(kind) ? normalisation[kind] : data[kind];
  return { ...data, mean: ownOr('mean'), std: ownOr('std'), measured: [] };
}

/** Notes what a network is trained with. */
export function noteNormalisation(model: Module, { mean, std }: Normalisation): void {
  const known = model.normalisation;
  if (known && same(known.mean, mean) && same(known.std, std)) return;
  model.normalisation = { mean: [...mean], std: [...std] };
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
