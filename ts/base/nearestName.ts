import { closest, distance } from 'fastest-levenshtein';

/** The known name that a mistyped one most resembles; undefined when none comes near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(name.toLowerCase(), known);
  const allowed = Math.max(2, Math.floor(name.length / 3));
  return distance(name.toLowerCase(), nearest) <= allowed ? nearest : undefined;
}

/**
 * Words for a name that is not known: `unknown data set "mnits": did you mean "mnist"?`, or the list of known names
 * when none comes near.
 */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const advice =
    nearest === undefined ? `known are ${known.join(', ')}` : `did you mean "${nearest}"?`;
  return `unknown ${what} ${JSON.stringify(name)}: ${advice}`;
}
