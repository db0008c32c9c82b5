import { FormatError } from '../base/errors.ts';
import type { DatasetFacts } from './catalog.ts';
import { checkLabels, type ImageDataset, imageDataset } from './dataset.ts';
import { type NamedBytes, parseIdxImages, parseIdxLabels } from './idx.ts';

/**
 * A data set from an IDX file of images and one of labels.
 *
 * @throws {FormatError} when a file is not what it claims, the counts differ, or the pictures are of another size than the data set's
 */
export function idxDataset(
  facts: DatasetFacts,
  imageFile: NamedBytes,
  labelFile: NamedBytes,
): ImageDataset {
  const { count, height, width, data } = parseIdxImages(imageFile);
  const labels = parseIdxLabels(labelFile);
  if (labels.length !== count) {
    throw new FormatError(
      `${labelFile.file}: count: ${labels.length} labels but ${imageFile.file} has ${count} images`,
    );
  }
  if (height !== facts.height || width !== facts.width) {
    throw new FormatError(
      `${imageFile.file}: size: images are ${height} × ${width} but those of ${facts.name} are ` +
        `${facts.height} × ${facts.width}`,
    );
  }
  checkLabels(labels, facts.classes.length, labelFile.file);
  return imageDataset({ ...facts, images: data, labels });
}
