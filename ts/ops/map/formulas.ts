import { formula, type Formula } from './formula.ts';
import type { Place, Writer } from './program.ts';

/** `least ≤ x ≤ most`: x limited to a range. A NaN stays. */
const limited = (to: Writer, x: Place, least: number, most: number): Place =>
  to.do('min', to.do('max', x, to.constant(least)), to.constant(most));

/** 1 where `x > least`, else 0. */
const above = (to: Writer, x: Place, least: number): Place => to.less(to.constant(least), x);

/** 1 where a mask is 0, else 0. */
const not = (to: Writer, mask: Place): Place => to.subtract(to.constant(1), mask);

/** a where `x > 0`, else b. */
const whereAbove = (to: Writer, x: Place, a: Place, b: Place): Place =>
  to.add(to.keep(a, x), to.keep(b, not(to, above(to, x, 0))));

const scaled = (to: Writer, x: Place, factor: number): Place => to.multiply(x, to.constant(factor));

export const silu = formula('silu', 1, (to, x) => to.multiply(x, to.do('sigmoid', x)));

/** `min(max(x / 6 + 1/2, 0), 1)`. */
export const hardSigmoid = formula(
  'hardSigmoid',
  1,
  (to, x) => limited(to, to.add(scaled(to, x, 1 / 6), to.constant(0.5)), 0, 1),
  [
    (to, d, x) => {
      const inside = to.multiply(above(to, x, -3), to.less(x, to.constant(3)));
      return to.keep(scaled(to, d, 1 / 6), inside);
    },
  ],
);

/** `x · min(max(x + 3, 0), 6) / 6`. */
export const hardSwish = formula(
  'hardSwish',
  1,
  (to, x) => scaled(to, to.multiply(x, limited(to, to.add(x, to.constant(3)), 0, 6)), 1 / 6),
  [
    (to, d, x) => {
      const inside = to.add(scaled(to, x, 1 / 3), to.constant(0.5));
      const high = not(to, to.less(x, to.constant(3)));
      const middle = to.keep(to.multiply(d, inside), to.multiply(above(to, x, -3), not(to, high)));
      return to.add(to.keep(d, high), middle);
    },
  ],
);

/** `least ≤ x ≤ most`, at whose ends the slope is 1. */
export const clip = (least: number, most: number): Formula =>
  formula('clip', 1, (to, x) => limited(to, x, least, most));

/** `0 ≤ x ≤ 6`, at whose ends the slope is 0. */
export const relu6 = formula('relu6', 1, (to, x) => limited(to, x, 0, 6), [
  (to, d, x) => to.keep(to.keep(d, x), to.less(x, to.constant(6))),
]);

/** x where it is positive, else `slope · x`. */
export const leakyRelu = (slope: number): Formula =>
  formula('leakyRelu', 1, (to, x) => parametric(to, x, to.constant(slope)), [
    (to, d, x) => whereAbove(to, x, d, scaled(to, d, slope)),
  ]);

const parametric = (to: Writer, x: Place, slope: Place): Place => {
  const zero = to.constant(0);
  return to.add(to.do('max', x, zero), to.multiply(slope, to.do('min', x, zero)));
};

/** x where it is positive, else `slope · x`, where the slope is a second input. */
export const prelu: Formula = {
  ...formula('prelu', 2, parametric, [
    (to, d, x, slope) => whereAbove(to, x, d, to.multiply(d, slope)),
    (to, d, x) => to.keep(to.multiply(d, x), not(to, above(to, x, 0))),
  ]),
  like: 0,
};

/** x where it is positive, else `alpha · (e^x - 1)`. */
export const elu = (alpha: number): Formula =>
  formula(
    'elu',
    1,
    (to, x) => {
      const zero = to.constant(0);
      const curve = to.do('expm1', to.do('min', x, zero));
      return to.add(to.do('max', x, zero), scaled(to, curve, alpha));
    },
    [
      (to, d, x) => {
        const curve = scaled(to, to.do('exp', to.do('min', x, to.constant(0))), alpha);
        return whereAbove(to, x, d, to.multiply(d, curve));
      },
    ],
  );

/** `x/2 · (1 + erf(x/√2))`. */
export const gelu = formula('gelu', 1, (to, x) => {
  const erf = to.do('erf', scaled(to, x, Math.SQRT1_2));
  return to.multiply(scaled(to, x, 0.5), to.add(erf, to.constant(1)));
});

/** `x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))`. */
export const geluTanh = formula('geluTanh', 1, (to, x) => {
  const cube = to.multiply(to.multiply(x, x), x);
  const inner = to.add(x, scaled(to, cube, 0.044715));
  const tanh = to.do('tanh', scaled(to, inner, Math.sqrt(2 / Math.PI)));
  return to.multiply(scaled(to, x, 0.5), to.add(tanh, to.constant(1)));
});

export const tanh = formula('tanh', 1, (to, x) => to.do('tanh', x));
export const exp = formula('exp', 1, (to, x) => to.do('exp', x));
export const log = formula('log', 1, (to, x) => to.do('log', x));
export const sqrt = formula('sqrt', 1, (to, x) => to.do('sqrt', x));
export const abs = formula('abs', 1, (to, x) => to.do('abs', x));

/** `x^exponent` for a number. */
export const power = (exponent: number): Formula =>
  exponent === 2
    ? formula('pow', 1, (to, x) => to.multiply(x, x), [
        (to, d, x) => to.multiply(d, scaled(to, x, 2)),
      ])
    : formula('pow', 1, (to, x) => to.do('pow', x, to.constant(exponent)), [
        (to, d, x) => {
          // Not 0 · x^-1, which is NaN at 0.
          if (exponent === 0) return to.keep(d, to.constant(0));
          const slope = scaled(to, to.do('pow', x, to.constant(exponent - 1)), exponent);
          return to.multiply(d, slope);
        },
      ]);

export const adding = formula('add', 2, (to, a, b) => to.add(a, b));
export const subtracting = formula('subtract', 2, (to, a, b) => to.subtract(a, b));
export const multiplying = formula('multiply', 2, (to, a, b) => to.multiply(a, b));
export const dividing = formula('divide', 2, (to, a, b) => to.divide(a, b));
export const raising = formula('pow', 2, (to, a, b) => to.do('pow', a, b));

/** A formula of two inputs whose second or first is a number. */
export function withNumber(two: Formula, number: number, first: boolean): Formula {
  return formula(two.name, 1, (to, x) => {
    const constant = to.constant(number);
    return to.inline(two.program, first ? [constant, x] : [x, constant]);
  });
}
