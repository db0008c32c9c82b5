/** Pairs of two lists of one length. Throws RangeError when the lengths differ. */
export function zipStrict<A, B>(left: readonly A[], right: readonly B[]): [A, B][] {
  if (left.length !== right.length) {
    throw new RangeError(`optimizer: ${right.length} gradients for ${left.length} parameters`);
  }
  return left.map((item, index) => [item, right[index]!]);
}
