import { derive } from './derive.ts';
import { Writer, type Place, type Program } from './program.ts';

/** A function of numbers, which {@link map} applies element by element. */
export interface Formula {
  /** Shown in plans and errors. */
  readonly name: string;
  readonly program: Program;
  /** The input whose shape the others broadcast to; absent where all broadcast to each other. */
  readonly like?: number;
  /** The gradient by an input: inputs dy, those of the formula, y. Absent where it is not differentiable. */
  gradient?(by: number): Program;
}

/**
 * Writes what the gradient by one input is where d is that by the result. Where the slope is 0 for a range of x it chooses 0,
 * as `0 · d` would be NaN for an infinite d.
 */
export type Gradient = (to: Writer, d: Place, ...inputs: Place[]) => Place;

/**
 * A formula of so many inputs.
 *
 * @param own gradients, by each input, where they are not what its parts give: at kinks, mostly
 */
export function formula(
  name: string,
  inputs: number,
  write: (to: Writer, ...inputs: Place[]) => Place,
  own?: readonly Gradient[],
): Formula {
  const to = new Writer();
  const places = Array.from({ length: inputs }, (_, i) => to.input(i));
  const program = to.finish(inputs, write(to, ...places));
  return {
    name,
    program,
    gradient: (by) => (own ? written(inputs, own[by]!) : derive(program, by)),
  };
}

function written(inputs: number, gradient: Gradient): Program {
  const to = new Writer();
  const places = Array.from({ length: inputs }, (_, i) => to.input(1 + i));
  return to.finish(inputs + 2, gradient(to, to.input(0), ...places));
}
