/** What an instruction does with a, and with b where it takes one; in the order of `crates/kernels/src/map/code.rs`. */
export const CODES = [
  'add',
  'subtract',
  'multiply',
  'divide',
  /** `b > a ? b : a`: a NaN in a stays, one in b is dropped. */
  'max',
  /** `b < a ? b : a`. */
  'min',
  /** 1 where `a < b`, else 0. */
  'less',
  /** a where `b > 0`, else 0. */
  'keep',
  'pow',
  'abs',
  'sqrt',
  'exp',
  'expm1',
  'log',
  'tanh',
  'sigmoid',
  'erf',
] as const;

/** A function of one or two numbers. */
export type Code = (typeof CODES)[number];

/** Multiplications that take as long, about. */
const COSTS: Partial<Record<Code, number>> = {
  divide: 2,
  sqrt: 2,
  exp: 8,
  expm1: 10,
  sigmoid: 10,
  tanh: 12,
  log: 16,
  erf: 16,
  pow: 40,
};

/** How long a function takes, in multiplications. */
export const costOf = (code: Code): number => COSTS[code] ?? 1;
