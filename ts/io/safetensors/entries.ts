import { FormatError } from '../../base/errors.ts';
import { isObject, isSizes, show } from './json.ts';
import { bitsOf, DTYPES, isUnread, type SafetensorsDtype, type UnreadDtype } from './storage.ts';

/** A tensor as the header describes it, checked. */
export interface Entry {
  readonly name: string;
  readonly dtype: SafetensorsDtype | UnreadDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Checks what the header says of one tensor.
 *
 * @throws {FormatError} for a dtype that is not known, sizes that are none, or offsets that do not fit them
 */
export function readEntry(key: string, value: unknown, name: string): Entry {
  const place = `${name}: tensor ${show(key)}`;
  if (!isObject(value)) {
    throw new FormatError(`${place}: is ${show(value)} but must be an object`);
  }
  const { dtype: storedAs, shape, data_offsets: offsets } = value;
  const isNamed = typeof storedAs === 'string' && isUnread(storedAs);
  const dtype = isNamed ? storedAs : DTYPES.find((known) => known === storedAs);
  if (dtype === undefined) {
    throw new FormatError(`${place}: dtype: ${show(storedAs)} but known are ${DTYPES.join(', ')}`);
  }
  if (!isSizes(shape)) {
    throw new FormatError(`${place}: shape: ${show(shape)} but must be integers of at least 0`);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw new FormatError(
      `${place}: data_offsets: ${show(offsets)} but must be two integers, begin and end`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, bitsOf(dtype)) / 8;
  if (bytes !== end - begin) {
    throw new FormatError(
      `${place}: data_offsets: ${show(offsets)} hold ${end - begin} bytes but ${dtype} of shape ` +
        `${show(shape)} takes ${bytes}`,
    );
  }
  return { name: key, dtype, shape, begin, end };
}

/**
 * Checks that the tensors cover the data without gap, overlap or rest.
 *
 * @throws {FormatError} naming the tensor where they do not
 */
export function checkLayout(entries: readonly Entry[], dataBytes: number, name: string): void {
  const ordered = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  const last = ordered.reduce((most, { end }) => Math.max(most, end), 0);
  if (last !== dataBytes) {
    throw new FormatError(
      `${name}: data: header describes ${last} bytes but the file holds ${dataBytes}`,
    );
  }
  let covered = 0;
  for (const { name: key, begin, end } of ordered) {
    if (begin !== covered) {
      throw new FormatError(
        `${name}: tensor ${show(key)}: data_offsets: begins at ${begin} but the tensor before it ` +
          `ends at ${covered}`,
      );
    }
    covered = end;
  }
}
