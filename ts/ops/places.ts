/** Stands for one tensor where an op's inputs and outputs are described. */
export interface One {
  readonly tensor: true;
}

/**
 * What lies at the places that an op describes: `Of<{ x: One; bias?: One }, View>` is `{ x: View; bias?: View }`. A place is one
 * tensor, a list of them, or a record of places; it may be optional.
 */
export type Of<P, T> = P extends One
  ? T
  : P extends readonly One[]
    ? readonly T[]
    : { readonly [K in keyof P]: Of<P[K], T> };

/** The same with each place there or not: gradients. */
export type Some<P, T> = P extends One
  ? T | undefined
  : P extends readonly One[]
    ? readonly (T | undefined)[]
    : { readonly [K in keyof P]?: Some<P[K], T> };

/** What lies at the places of any op. */
export interface Tree<T> {
  readonly [place: string]: T | readonly (T | undefined)[] | Tree<T> | undefined;
}

/** Names of the places that hold one tensor each. */
export type Name<P> = keyof P & string;

/** All that is there, with names as `x`, `parts.0` and `norm.mean`, in the order in which it was given. */
export function entries<T>(tree: Tree<T>): [name: string, item: T][] {
  return Object.entries(tree).flatMap(([name, place]): [string, T][] => {
    if (place === undefined) return [];
    if (!isNested<T>(place)) return [[name, place]];
    const inner = isList(place) ? Object.fromEntries(place.entries()) : place;
    return entries<T>(inner).map(([rest, item]) => [`${name}.${rest}`, item]);
  });
}

/** All that is there, without its names. */
export const items = <T>(tree: Tree<T>): T[] => entries(tree).map(([, item]) => item);

/** What lies at one place. */
export function itemAt<T>(tree: Tree<T>, name: string): T | undefined {
  return entries(tree).find(([other]) => other === name)?.[1];
}

/** What is there at some of the places. */
export const pick = <T>(tree: Tree<T>, names: readonly string[] = []): T[] =>
  entries(tree).flatMap(([name, item]) => (names.includes(name) ? [item] : []));

/** Something else at each of the same places. */
export function mapTree<T, U>(tree: Tree<T>, to: (item: T) => U): Tree<U> {
  const map = (place: Tree<T>[string]): Tree<U>[string] => {
    if (place === undefined) return undefined;
    if (!isNested<T>(place)) return to(place);
    if (isList(place)) return place.map((item) => (item === undefined ? undefined : to(item)));
    return mapTree(place, to);
  };
  return Object.fromEntries(Object.entries(tree).map(([name, place]) => [name, map(place)]));
}

/** Whether a place is a list or a record: tensors, and all that stands for one, have a shape. */
function isNested<T>(place: unknown): place is readonly (T | undefined)[] | Tree<T> {
  return typeof place === 'object' && place !== null && !('shape' in place);
}

const isList = <T>(
  place: readonly (T | undefined)[] | Tree<T>,
): place is readonly (T | undefined)[] => Array.isArray(place);
