import { naming } from '../../io/weights/naming.ts';

/** Names of a U-Net whose encoder is timm's: segmentation_models_pytorch's `tu-resnet18`. */
export const timmEncoder = naming("segmentation_models_pytorch's encoders of timm", [
  [/^encoder\.model\./, 'encoder.'],
]);
