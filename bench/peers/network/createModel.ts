import { stemFor } from '../../../ts/models/stemFor.ts';
import { Dropout } from '../../../ts/nn/dropout.ts';
import type { Module } from '../../../ts/nn/module.ts';
import { unet_resnet18, unet_resnet34, unet_resnet50 } from '../../../ts/models/unet.ts';
import type { Workload } from '../workload.ts';
import { allModels } from '../../../ts/models/allModels.ts';

type Images = Pick<Workload, 'model' | 'size' | 'channels'>;

/** Networks by name whose outputs are images. */
const IMAGE_MODELS = { unet_resnet18, unet_resnet34, unet_resnet50 } as const;

/** Whether a name is that of a network whose outputs are images. */
export const isImageModel = (name: string): name is keyof typeof IMAGE_MODELS =>
  Object.hasOwn(IMAGE_MODELS, name);

/** The network of a job on the current engine, as `residua bench` makes it, but that it drops nothing, as all are to train alike. */
export function createModel({ model: name, size, channels }: Images): Module {
  const options = { inChannels: channels, seed: 1 };
  const model = isImageModel(name)
    ? IMAGE_MODELS[name](options)
    : allModels[name]!({ ...options, ...stemFor(size) });
  for (const [, layer] of model.modules()) if (layer instanceof Dropout) layer.p = 0;
  return model;
}
