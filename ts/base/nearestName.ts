/** How many letters have to be put in, left out or changed to make one word of another (Levenshtein 1965). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1]! + Number(from[i - 1] !== to[j - 1]);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

/** The known name that a mistyped one most resembles; undefined when none comes near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const typed = name.toLowerCase();
  const distances = known.map((other) =>
    // The beginning of a name stands for it.
    typed.length > 2 && other.toLowerCase().startsWith(typed)
      ? 0
      : distance(typed, other.toLowerCase()),
  );
  const least = Math.min(...distances);
  const allowed = Math.max(2, Math.floor(name.length / 3));
  return least <= allowed ? known[distances.indexOf(least)] : undefined;
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
