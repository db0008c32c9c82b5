import type { DatasetFacts } from '../../data/catalog.ts';
import { readTensors } from '../../io/node/weightsFile.ts';
import type { Classifier } from '../../models/classifier.ts';
import { findModel } from '../../models/findModel.ts';
import { classesOf, modelOfWeights } from './modelOfWeights.ts';
import type { EngineFlags } from '../options.ts';
import { checkClasses, normalisationOf, readClasses } from './plainImages.ts';
import { say } from '../terminal/say.ts';
import { startEngine } from '../startEngine.ts';
import type { WeightFlags } from './weightFlags.ts';

/** A network of weights alone, which say nothing of the images that they are for. */
export interface PlainFlags extends EngineFlags, WeightFlags {
  readonly model?: string;
  readonly weights?: string;
}

/** What torchvision's networks were trained on. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const SMALL = 64;

/**
 * A network with plain weights, and what is known of its images: from the options, else ImageNet's for networks of its size.
 *
 * @throws {RangeError} when an option is missing or does not fit the network
 */
export async function loadPlain(
  flags: PlainFlags,
): Promise<{ readonly model: Classifier; readonly facts: { readonly data: DatasetFacts } }> {
  const { weights: file, model: name } = flags;
  if (file === undefined || name === undefined) {
    throw new RangeError(
      `predict: --${file === undefined ? 'weights' : 'model'} is missing but --model and --weights go together`,
    );
  }
  const found = findModel(name);
  const weights = await readTensors(file);
  const names = flags.classes === undefined ? undefined : await readClasses(flags.classes);
  await startEngine(flags);
  const model = modelOfWeights(found, weights, file, flags);
  const [, height, width, channels] = model.exampleShape() as [number, number, number, number];
  if (names) checkClasses(names, model, flags);
  const classes = names ?? Array.from({ length: classesOf(model) }, (_, index) => String(index));
  const isLikeImageNet = !flags.mean && !flags.std && channels === 3 && height >= SMALL;
  if (isLikeImageNet) {
    say("images are normalised by ImageNet's mean and deviation: --mean and --std say others");
  }
  const by = isLikeImageNet ? IMAGENET : normalisationOf('predict', flags, channels);
  return { model, facts: { data: { name: found.name, height, width, channels, classes, ...by } } };
}
