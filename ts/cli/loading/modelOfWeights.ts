import type { Safetensors } from '../../io/safetensors.ts';
import { loadWeights, type LoadWeightsOptions } from '../../io/weights.ts';
import { matchNames } from '../../io/weights/load.ts';
import type { Classifier } from '../../models/classifier.ts';
import { withoutInitialWeights } from '../../nn/initialize.ts';
import { isCheckpoint, restoreWeights } from '../../train/checkpoint.ts';
import type { FoundModel } from '../../models/findModel.ts';
import { say } from '../terminal/say.ts';
import type { WeightFlags } from './weightFlags.ts';

/**
 * A network with the weights of a file: as many classes and channels as these have, and GoogLeNet's auxiliary heads if these
 * do. What was found out about the file's names is said.
 *
 * @param inChannels channels of the images; those of the first convolution by default
 * @throws {StateDictError} for weights that are not the network's
 */
export function modelOfWeights(
  { name: modelName, make }: FoundModel,
  weights: Safetensors,
  file: string,
  { stem, prefix, rename }: WeightFlags,
  inChannels?: number,
): Classifier {
  const options: LoadWeightsOptions = {
    name: file,
    ...(prefix !== undefined && { prefix }),
    ...(rename && { rename }),
  };
  const auxiliary = [...weights.tensors.keys()].some((name) => /(^|\.)aux\d?\./.test(name));
  const made = (channels: number | undefined): Classifier => {
    const settings = {
      // Other networks have no such heads.
      ...(modelName === 'googlenet' && { auxiliary }),
      ...(stem && { stem }),
      ...(channels && { inChannels: channels }),
    };
    return withoutInitialWeights(() => make(settings));
  };
  let model = made(inChannels);
  const given = isCheckpoint(weights) ? undefined : matchNames(model, weights.tensors, options);
  const tensorOf = (name: string): { readonly shape: readonly number[] } | undefined =>
    given ? given.get(name)?.tensor : weights.tensors.get(name);
  const [firstName, first] = [...model.stateDict()][0]!;
  const channels = tensorOf(firstName)?.shape[1];
  if (inChannels === undefined && channels && channels !== first.shape[2]) {
    model.dispose();
    model = made(channels);
  }
  const head = [...model.stateDict()].findLast(([, { shape }]) => shape.length === 2)![0];
  const classes = tensorOf(head)?.shape[0];
  if (classes !== undefined && classes > 0 && classes !== classesOf(model)) {
    withoutInitialWeights(() => model.resetHead(classes));
  }
  if (!given) {
    restoreWeights(model, weights, file);
    return model;
  }
  const { prefix: found, naming } = loadWeights(model, weights.tensors, options);
  if (found !== undefined) say(`${file}: all names begin with ${found}, which was taken off`);
  if (naming !== undefined) say(`${file}: names are ${naming}`);
  return model;
}

/** Outputs of the last linear layer. */
export function classesOf(model: Classifier): number {
  return [...model.stateDict().values()].findLast(({ shape }) => shape.length === 2)!.shape[1]!;
}
