import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What files of these endings are, and what makes data of them. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.(tar|tgz|tar\.gz|zip|7z)$/i, 'is packed: unpack it, and name the folder'],
  [/\.npz$/i, "is numpy's: get the four IDX files instead"],
  [
    /\.(csv|parquet|arrow|pkl|pt|tfrecord\S*)$/i,
    'is of another format: get the original files instead',
  ],
];
const SHOWN = 4;

/** The error for a folder that does not hold a data set: what is wanted, what is there instead, and what to do. */
export function nothingFound(directory: string, wanted: string): Error {
  let names: string[];
  try {
    names = readdirSync(directory).sort();
  } catch {
    const kind = kindOf(directory);
    return new Error(
      kind
        ? `${directory}: read: ${kind}`
        : `${directory}: read: ${wanted}: it is no folder that can be read`,
    );
  }
  const known = names.find((name) => kindOf(name) !== undefined);
  if (known !== undefined) {
    return new Error(`${directory}: read: ${wanted}: ${join(directory, known)} ${kindOf(known)}`);
  }
  const shown = names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');
  return new Error(`${directory}: read: ${wanted}${shown && `: it holds ${shown}`}`);
}

const kindOf = (name: string): string | undefined =>
  KINDS.find(([ending]) => ending.test(name))?.[1];
