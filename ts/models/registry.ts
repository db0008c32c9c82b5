import type { Module } from '../nn/module.ts';
import {
  plain20,
  plain56,
  resnet110,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet8,
  type CifarResNetOptions,
} from './cifarResnet.ts';

/** Settings that every network takes. */
export type ModelOptions = CifarResNetOptions;

/** Networks by name, as the CLI and checkpoints call them. */
export const models: Readonly<Record<string, (options?: ModelOptions) => Module>> = {
  resnet8,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet110,
  plain20,
  plain56,
};
