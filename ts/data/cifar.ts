import { FormatError } from '../base/errors.ts';
import { DATASETS } from './catalog.ts';
import { checkLabels, type ImageDataset, imageDataset } from './dataset.ts';
import type { NamedBytes } from './idx.ts';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const PIXEL_BYTES = 3 * PLANE;

/** A record is its labels (CIFAR-100: coarse, then fine), then the red, green and blue planes. */
const LABEL_BYTES = { cifar10: 1, cifar100: 2 } as const;

/**
 * CIFAR-10 or CIFAR-100 (fine labels) from files in the binary format, one after another, as NHWC.
 *
 * Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
 *
 * @throws {FormatError} for a file that is not whole records or holds a label out of range
 */
export function cifarDataset(
  name: 'cifar10' | 'cifar100',
  files: readonly NamedBytes[],
): ImageDataset {
  const facts = DATASETS[name];
  const recordBytes = LABEL_BYTES[name] + PIXEL_BYTES;
  const counts = files.map((file) => countRecords(file, recordBytes, name));
  const count = counts.reduce((sum, records) => sum + records, 0);
  const images = new Uint8Array(count * PIXEL_BYTES);
  const labels = new Uint8Array(count);
  let start = 0;
  for (const [index, { file, bytes }] of files.entries()) {
    const end = start + counts[index]!;
    for (let sample = start, from = 0; sample < end; sample++, from += recordBytes) {
      const pixels = from + LABEL_BYTES[name];
      labels[sample] = bytes[pixels - 1]!;
      interleavePlanes(bytes, pixels, images, sample * PIXEL_BYTES);
    }
    checkLabels(labels.subarray(start, end), facts.classes.length, file);
    start = end;
  }
  return imageDataset({ ...facts, images, labels });
}

function countRecords({ file, bytes }: NamedBytes, recordBytes: number, name: string): number {
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    throw new FormatError(
      `${file}: length: ${bytes.length} bytes but ${name} has records of ${recordBytes} bytes`,
    );
  }
  return bytes.length / recordBytes;
}

function interleavePlanes(from: Uint8Array, fromStart: number, to: Uint8Array, toStart: number) {
  for (let pixel = 0, at = toStart; pixel < PLANE; pixel++, at += 3) {
    const red = fromStart + pixel;
    to[at] = from[red]!;
    to[at + 1] = from[red + PLANE]!;
    to[at + 2] = from[red + 2 * PLANE]!;
  }
}
