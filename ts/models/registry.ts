import type { Classifier, ModelOptions } from './classifier.ts';
import {
  plain20,
  plain56,
  resnet110,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet8,
} from './cifarResnet.ts';

/** Networks by name, as the CLI and checkpoints call them. */
export const models: Readonly<Record<string, (options?: ModelOptions) => Classifier>> = {
  resnet8,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet110,
  plain20,
  plain56,
};

export type { ModelOptions } from './classifier.ts';
