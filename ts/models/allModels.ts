import type { Classifier, ModelOptions } from './classifier.ts';
import { convnext_atto } from './convnext.ts';
import { efficientnet_b0, tf_efficientnet_b0 } from './efficientnet.ts';
import { mobilenet_v2 } from './mobilenet.ts';
import { models } from './registry.ts';
import {
  resnetblur18,
  resnetblur50,
  resnetblur50d,
  resnetblur101d,
  resnetaa34d,
  resnetaa50,
  resnetaa50d,
  resnetaa101d,
  seresnetaa50d,
  seresnextaa101d_32x8d,
} from './resnetAntialias.ts';
import {
  seresnet18,
  seresnet34,
  seresnet50,
  seresnet101,
  seresnet152,
  seresnext50_32x4d,
  seresnext101_32x4d,
  ecaresnet50d,
  ecaresnet101d,
} from './resnetAttention.ts';
import { resnet50_gn } from './resnetGroupNorm.ts';

/**
 * The networks of {@link models} and those of other families, by name. A page that names them loads their blocks and
 * operators; one that names `models` alone does not.
 *
 * @example
 * import { allModels } from 'residua';
 *
 * const model = allModels['mobilenet_v2']?.({ numClasses: 10, seed: 1 });
 * console.log(String(model).split('\n')[0]);
 */
export const allModels: Readonly<Record<string, (options?: ModelOptions) => Classifier>> = {
  ...models,
  seresnet18,
  seresnet34,
  seresnet50,
  seresnet101,
  seresnet152,
  seresnext50_32x4d,
  seresnext101_32x4d,
  ecaresnet50d,
  ecaresnet101d,
  resnet50_gn,
  resnetblur18,
  resnetblur50,
  resnetblur50d,
  resnetblur101d,
  resnetaa34d,
  resnetaa50,
  resnetaa50d,
  resnetaa101d,
  seresnetaa50d,
  seresnextaa101d_32x8d,
  mobilenet_v2,
  efficientnet_b0,
  tf_efficientnet_b0,
  convnext_atto,
};
