import { derive } from './derive.ts';
import { Writer, type Place, type Program } from './program.ts';

/** A function of numbers, which {@link map} applies element by element. */
export interface Formula {
  /** Shown in plans and errors. */
  readonly name: string;
  readonly program: Program;
  /** The gradient by an input: inputs dy, those of the formula, y. Absent where it is not differentiable. */
  gradient?(by: number): Program;
}

/** Writes the slope of a function of one number by its input x and its result y. */
export type Slope = (to: Writer, x: Place, y: Place) => Place;

/**
 * A formula of so many inputs.
 *
 * @param slope of a formula of one input, where it is not what its parts give: at kinks, mostly
 */
export function formula(
  name: string,
  inputs: number,
  write: (to: Writer, ...inputs: Place[]) => Place,
  slope?: Slope,
): Formula {
  const to = new Writer();
  const places = Array.from({ length: inputs }, (_, i) => to.input(i));
  const program = to.finish(inputs, write(to, ...places));
  return {
    name,
    program,
    gradient: (by) => (slope ? bySlope(slope) : derive(program, by)),
  };
}

function bySlope(slope: Slope): Program {
  const to = new Writer();
  return to.finish(3, to.multiply(to.input(0), slope(to, to.input(1), to.input(2))));
}
