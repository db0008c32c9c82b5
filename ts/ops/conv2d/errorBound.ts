/** Largest error of a convolution, relative to its largest value, that the op's tests allow for sums of {@link PRODUCTS}. */
const BOUND = 2e-6;
/** Products in the sums that {@link BOUND} is for. */
const PRODUCTS = 9 * 64;

/**
 * Largest error of a convolution that is accepted, relative to its largest output: the op's bound, and for sums of more
 * products that bound times the root of their number, as rounding errors grow (Higham & Mary 2019,
 * doi:10.1137/18M1226312).
 */
export function convErrorBound(products: number): number {
  return BOUND * Math.sqrt(Math.max(1, products / PRODUCTS));
}
