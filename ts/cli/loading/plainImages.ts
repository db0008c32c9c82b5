import type { DatasetFacts } from '../../data/catalog.ts';
import { readFile } from '../../io/node/readFile.ts';
import type { Classifier } from '../../models/classifier.ts';
import { classesOf } from './modelOfWeights.ts';
import type { WeightFlags } from './weightFlags.ts';

/**
 * Mean and deviation of `pixel / 255` by channel as options say them, one number for all channels or one for each.
 *
 * @throws {RangeError} for another count
 */
export function normalisationOf(
  command: string,
  { mean, std }: WeightFlags,
  channels: number,
): Pick<DatasetFacts, 'mean' | 'std'> {
  const byChannel = (what: string, values: readonly number[] | undefined): readonly number[] => {
    if (values?.length === 1) return new Array<number>(channels).fill(values[0]!);
    if (values?.length === channels) return values;
    throw new RangeError(
      `${command}: --${what} has ${values?.length ?? 0} numbers but the network has ${channels} channels`,
    );
  };
  return { mean: byChannel('mean', mean), std: byChannel('std', std) };
}

/** Names of classes from a file with a line for each. */
export async function readClasses(path: string): Promise<string[]> {
  const text = new TextDecoder().decode(await readFile(path));
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line, index) => line !== '' || index < lines.length - 1);
}

/**
 * Checks that a network has an output for each name.
 *
 * @throws {RangeError} with both numbers
 */
export function checkClasses(
  names: readonly string[],
  model: Classifier,
  { classes: file, weights }: WeightFlags & { readonly weights?: string },
): void {
  const count = classesOf(model);
  if (names.length === count) return;
  throw new RangeError(
    `${file}: classes: are ${names.length} but ${weights} has outputs for ${count}`,
  );
}
