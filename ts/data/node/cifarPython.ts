import { FormatError } from '../../base/errors.ts';
import type { NamedBytes } from '../idx.ts';
import { PickledArray, readPickle } from './pickle.ts';

const PIXEL_BYTES = 3072;
/** Lists of labels in the order of the binary version's bytes. */
const LABELS = { cifar10: ['labels'], cifar100: ['coarse_labels', 'fine_labels'] } as const;

/**
 * A batch of CIFAR's Python version, a pickled dict of `data` `[N, 3072]` and lists of labels, as records of the binary
 * version: labels, then the red, green and blue planes.
 *
 * @throws {FormatError} for a file that holds anything else
 */
export function cifarRecords(name: 'cifar10' | 'cifar100', file: NamedBytes): Uint8Array {
  const batch = readPickle(file);
  const data = batch instanceof Map ? entryOf(batch, 'data') : undefined;
  if (!(batch instanceof Map) || !(data instanceof PickledArray)) {
    throw new FormatError(`${file.file}: cifar: is a pickle but no dict with an array "data"`);
  }
  const [count = 0, size] = data.shape;
  if (data.dtype !== 'u1' || data.fortranOrder || size !== PIXEL_BYTES) {
    throw new FormatError(
      `${file.file}: cifar: data is ${data.dtype} [${data.shape.join(', ')}] but must be u1 [N, ${PIXEL_BYTES}]`,
    );
  }
  const labels = LABELS[name].map((key) => labelsOf(batch, key, count, file.file));
  const recordBytes = labels.length + PIXEL_BYTES;
  const records = new Uint8Array(count * recordBytes);
  for (let sample = 0; sample < count; sample++) {
    const start = sample * recordBytes;
    labels.forEach((list, at) => (records[start + at] = list[sample]!));
    const pixels = data.bytes.subarray(sample * PIXEL_BYTES, (sample + 1) * PIXEL_BYTES);
    records.set(pixels, start + labels.length);
  }
  return records;
}

/** Python 2 wrote keys as bytes, which read as text here; Python 3 may have kept them as bytes. */
function entryOf(batch: ReadonlyMap<unknown, unknown>, key: string): unknown {
  for (const [found, value] of batch) {
    const name = found instanceof Uint8Array ? new TextDecoder('latin1').decode(found) : found;
    if (name === key) return value;
  }
  return undefined;
}

function labelsOf(
  batch: ReadonlyMap<unknown, unknown>,
  key: string,
  count: number,
  file: string,
): number[] {
  const labels = entryOf(batch, key);
  if (!Array.isArray(labels) || labels.length !== count) {
    const found = Array.isArray(labels) ? `${labels.length} of them` : 'none';
    throw new FormatError(`${file}: cifar: has ${count} images but of "${key}" ${found}`);
  }
  const bad = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label > 255);
  if (bad >= 0) throw new FormatError(`${file}: label ${bad}: is no whole number from 0 to 255`);
  return labels as number[];
}
