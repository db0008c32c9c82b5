import { unknownName } from './nearestName.ts';

/** Bounds of a number; none by default. */
export interface Bounds {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** Throws RangeError unless a setting is a number that f32 can hold, within the bounds: `SGD: momentum is NaN but must …`. */
export function expectNumber(
  place: string,
  name: string,
  value: unknown,
  { least = -Infinity, above = -Infinity, most = Infinity, below = Infinity }: Bounds = {},
): void {
  const fits = typeof value === 'number' && Number.isFinite(Math.fround(value));
  if (fits && value >= least && value > above && value <= most && value < below) return;
  const rules = [
    ...(least > -Infinity ? [`≥ ${least}`] : []),
    ...(above > -Infinity ? [`above ${above}`] : []),
    ...(most < Infinity ? [`≤ ${most}`] : []),
    ...(below < Infinity ? [`below ${below}`] : []),
  ];
  const rule = rules.length > 0 ? `a number ${rules.join(' and ')}` : 'a finite number';
  throw new RangeError(`${place}: ${name} is ${shown(value)} but must be ${rule}`);
}

/** Throws RangeError unless a setting is a whole number of at least `least`. */
export function expectWhole(place: string, name: string, value: unknown, least = 1): void {
  if (Number.isSafeInteger(value) && Number(value) >= least) return;
  throw new RangeError(
    `${place}: ${name} is ${shown(value)} but must be a whole number of at least ${least}`,
  );
}

/** Throws RangeError unless a setting is one of these words. */
export function expectOneOf(
  place: string,
  name: string,
  value: unknown,
  known: readonly string[],
): void {
  if (known.includes(value as string)) return;
  throw new RangeError(
    `${place}: ${name} is ${shown(value)} but must be ${known.map(shown).join(' or ')}`,
  );
}

/** All options that there are, by name. */
export type OptionNames<T> = Readonly<Record<keyof T, 1>>;

/** Throws TypeError for options that are no object, or one that there is not: `SGD: unknown option "momemtum": did you mean …`. */
export function expectOptions<T extends object>(
  place: string,
  options: T,
  known: OptionNames<T>,
): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${place}: options are ${shown(options)} but must be an object`);
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue;
    throw new TypeError(`${place}: ${unknownName('option', name, Object.keys(known))}`);
  }
}

/** A value in a message: strings in quotes, as `"1"` is no number. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return Array.isArray(value)
    ? `[${value.map(shown).join(', ')}]`
    : String(value).split('\n', 1)[0]!;
}
