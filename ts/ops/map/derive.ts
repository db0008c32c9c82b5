import type { Code } from './code.ts';
import { Writer, type Place, type Program } from './program.ts';

/**
 * The gradient of a program by one of its inputs, in reverse mode. Its inputs are `dy`, those of the program, and `y`. Where two numbers are
 * compared, the one that is taken gets all; the slope of `less` is 0.
 */
export function derive(program: Program, by: number): Program {
  const to = new Writer();
  const { inputs, terms } = program;
  const last = terms.length - 1;
  const places: Place[] = [];
  for (const [index, term] of terms.entries()) {
    if (index === last) places.push(to.input(inputs + 1));
    else if ('input' in term) places.push(to.input(1 + term.input));
    else if ('constant' in term) places.push(to.constant(term.constant));
    else {
      const { code, a, b } = term;
      places.push(to.do(code, places[a]!, b === undefined ? undefined : places[b]!));
    }
  }
  const slopes: (Place | undefined)[] = terms.map(() => undefined);
  slopes[last] = to.input(0);
  const reaches = reachedFrom(program, by);
  for (let index = last; index >= 0; index--) {
    const [term, slope] = [terms[index]!, slopes[index]];
    if (slope === undefined || !('code' in term)) continue;
    const { code, a, b } = term;
    const operands = [places[a]!, places[b ?? a]!] as const;
    const parts = RULES[code](to, slope, operands, places[index]!);
    for (const [at, part] of [
      [a, parts.a],
      [b, parts.b],
    ] as const) {
      if (at === undefined || !part || !reaches.has(at)) continue;
      const [own, earlier] = [part(), slopes[at]];
      slopes[at] = earlier === undefined ? own : to.add(earlier, own);
    }
  }
  const at = terms.findIndex((term) => 'input' in term && term.input === by);
  const slope = slopes[at];
  return to.finish(inputs + 2, slope ?? to.keep(to.input(0), to.constant(0)));
}

/** The terms that depend on an input. */
function reachedFrom({ terms }: Program, input: number): ReadonlySet<number> {
  const reached = new Set<number>();
  for (const [index, term] of terms.entries()) {
    const depends =
      'code' in term
        ? reached.has(term.a) || (term.b !== undefined && reached.has(term.b))
        : 'input' in term && term.input === input;
    if (depends) reached.add(index);
  }
  return reached;
}

/** What each operand's slope gets of the result's, if anything. */
interface Parts {
  readonly a?: () => Place;
  readonly b?: () => Place;
}

type Rule = (to: Writer, slope: Place, operands: readonly [Place, Place], result: Place) => Parts;

/** Twice the reciprocal of √π. */
const ERF_SLOPE = 2 / Math.sqrt(Math.PI);

const one = (to: Writer): Place => to.constant(1);
const negative = (to: Writer, a: Place): Place => to.multiply(a, to.constant(-1));
const not = (to: Writer, mask: Place): Place => to.subtract(one(to), mask);

const RULES: Readonly<Record<Code, Rule>> = {
  add: (_, d) => ({ a: () => d, b: () => d }),
  subtract: (to, d) => ({ a: () => d, b: () => negative(to, d) }),
  multiply: (to, d, [a, b]) => ({ a: () => to.multiply(d, b), b: () => to.multiply(d, a) }),
  divide: (to, d, [, b], y) => ({
    a: () => to.divide(d, b),
    b: () => negative(to, to.divide(to.multiply(d, y), b)),
  }),
  max: (to, d, [a, b]) => ({
    a: () => to.keep(d, not(to, to.less(a, b))),
    b: () => to.keep(d, to.less(a, b)),
  }),
  min: (to, d, [a, b]) => ({
    a: () => to.keep(d, not(to, to.less(b, a))),
    b: () => to.keep(d, to.less(b, a)),
  }),
  less: () => ({}),
  keep: (to, d, [, b]) => ({ a: () => to.keep(d, b) }),
  pow: (to, d, [a, b], y) => ({
    a: () => {
      // b - 1, but 0 where b is 0: the slope of a^0 is 0 at 0, too.
      const exponent = to.subtract(b, to.keep(one(to), to.do('abs', b)));
      return to.multiply(d, to.multiply(b, to.do('pow', a, exponent)));
    },
    b: () => to.keep(to.multiply(d, to.multiply(y, to.do('log', a))), a),
  }),
  abs: (to, d, [a]) => ({ a: () => to.subtract(to.keep(d, a), to.keep(d, negative(to, a))) }),
  sqrt: (to, d, _, y) => ({ a: () => to.divide(to.multiply(d, to.constant(0.5)), y) }),
  exp: (to, d, _, y) => ({ a: () => to.multiply(d, y) }),
  expm1: (to, d, _, y) => ({ a: () => to.multiply(d, to.add(y, one(to))) }),
  log: (to, d, [a]) => ({ a: () => to.divide(d, a) }),
  tanh: (to, d, _, y) => ({ a: () => to.multiply(d, not(to, to.multiply(y, y))) }),
  sigmoid: (to, d, _, y) => ({ a: () => to.multiply(d, to.multiply(y, not(to, y))) }),
  erf: (to, d, [a]) => ({
    a: () => {
      const bell = to.do('exp', negative(to, to.multiply(a, a)));
      return to.multiply(d, to.multiply(bell, to.constant(ERF_SLOPE)));
    },
  }),
};
