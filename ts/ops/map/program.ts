import type { Code } from './code.ts';

/** One number of a program: an input, a constant, or what a function makes of earlier numbers. */
export type Term =
  | { readonly input: number }
  | { readonly constant: number }
  | { readonly code: Code; readonly a: number; readonly b?: number };

/** A chain of elementwise functions. Each term's operands stand before it; the last term is the result. */
export interface Program {
  /** How many inputs it has. */
  readonly inputs: number;
  readonly terms: readonly Term[];
}

/** Names a number of the program that is being written. */
export type Place = number;

/** Writes a program; the same term twice is one number. */
export class Writer {
  readonly #terms: Term[] = [];
  readonly #known = new Map<string, Place>();

  input(index: number): Place {
    return this.#place({ input: index });
  }

  constant(value: number): Place {
    return this.#place({ constant: Math.fround(value) });
  }

  do(code: Code, a: Place, b?: Place): Place {
    return this.#place({ code, a, ...(b !== undefined && { b }) });
  }

  add = (a: Place, b: Place): Place => this.do('add', a, b);
  subtract = (a: Place, b: Place): Place => this.do('subtract', a, b);
  divide = (a: Place, b: Place): Place => this.do('divide', a, b);

  multiply = (a: Place, b: Place): Place => {
    if (this.#is(b, 1)) return a;
    return this.#is(a, 1) ? b : this.do('multiply', a, b);
  };

  /** 1 where `a < b`, else 0. */
  less = (a: Place, b: Place): Place => this.do('less', a, b);

  /** a where `b > 0`, else 0. */
  keep = (a: Place, b: Place): Place => this.do('keep', a, b);

  /** Another program's numbers, with these for its inputs; gives its result. */
  inline({ terms }: Program, inputs: readonly Place[]): Place {
    const places: Place[] = [];
    for (const term of terms) {
      if ('input' in term) places.push(inputs[term.input]!);
      else if ('constant' in term) places.push(this.constant(term.constant));
      else {
        const { code, a, b } = term;
        places.push(this.do(code, places[a]!, b === undefined ? undefined : places[b]!));
      }
    }
    return places.at(-1)!;
  }

  term(place: Place): Term {
    return this.#terms[place]!;
  }

  /** What is needed for one number, which becomes the result. */
  finish(inputs: number, result: Place): Program {
    const order: Place[] = [];
    const visit = (place: Place): void => {
      if (order.includes(place)) return;
      operandsOf(this.term(place)).forEach(visit);
      order.push(place);
    };
    visit(result);
    const moved = (place: Place): Place => order.indexOf(place);
    const terms = order.map((place): Term => {
      const term = this.term(place);
      if (!('code' in term)) return term;
      const { code, a, b } = term;
      return { code, a: moved(a), ...(b !== undefined && { b: moved(b) }) };
    });
    return { inputs, terms };
  }

  #is(place: Place, value: number): boolean {
    const term = this.term(place);
    return 'constant' in term && term.constant === value;
  }

  #place(term: Term): Place {
    const key = keyOf(term);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.#terms.push(term) - 1);
    return this.#terms.length - 1;
  }
}

/** What tells a term from others: JSON knows neither infinities nor the sign of 0. */
function keyOf(term: Term): string {
  if (!('constant' in term)) return JSON.stringify(term);
  return Object.is(term.constant, -0) ? '-0' : String(term.constant);
}

/** The numbers that a term is made of. */
export function operandsOf(term: Term): Place[] {
  if (!('code' in term)) return [];
  return term.b === undefined ? [term.a] : [term.a, term.b];
}

/** The inputs that a program reads. */
export const inputsRead = ({ terms }: Program): number[] =>
  terms.flatMap((term) => ('input' in term ? [term.input] : []));

/** A program that has those inputs alone which it reads. */
export function trimmed<T>(
  program: Program,
  parts: readonly T[],
): { program: Program; parts: readonly T[] } {
  const read = inputsRead(program);
  const to = new Writer();
  const places = parts.map((_, input) => to.input(Math.max(0, read.indexOf(input))));
  const short = to.finish(read.length, to.inline(program, places));
  return { program: short, parts: read.map((input) => parts[input]!) };
}
