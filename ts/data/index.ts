export type { AugmentOptions } from './augment.ts';
export {
  DATASETS,
  type DatasetFacts,
  type DatasetName,
  type Preparation,
  type Split,
} from './catalog.ts';
export { cifarDataset } from './cifar.ts';
export { imageDataset, type ImageDataset, type ImageDatasetFields } from './dataset.ts';
export { fitImage, type FittedImage } from './fitImage.ts';
export { idxDataset } from './idxDataset.ts';
export { DataLoader, type Batch, type DataLoaderOptions } from './loader.ts';
export { normalise } from './normalise.ts';
export type { Normalisation } from '../base/normalisation.ts';
export { pad } from './pad.ts';
export { slice, subset } from './subset.ts';
