/** The error function in float64, by its series near 0 and a continued fraction far from it; Abramowitz and Stegun 7.1.6 and 7.1.14. */
export function erf(x: number): number {
  if (Math.abs(x) > 3) return Math.sign(x) * (1 - fraction(Math.abs(x)));
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function fraction(x: number): number {
  let tail = x;
  for (let n = 60; n > 0; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
}
