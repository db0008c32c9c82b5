import type { Engine } from '../kernels/engine.ts';
import { optimisingAtOnce } from '../kernels/optimiseAtOnce.ts';
import { convolutions } from './convolutions.ts';
import { evaluate, type Values } from './evaluate.ts';
import { others } from './others.ts';
import type { Problem } from './problem.ts';

/** Largest error beside the largest value of a tensor: a hundred roundings, where a wrong lane is off by the value itself. */
const TOLERANCE = 1e-5;

/**
 * Computes a few small problems of each family of kernels, in code of V8's optimising compiler, and compares them with the module's scalar references. The
 * functions keep that code, so that what was looked at is what runs.
 *
 * @param engine of a hot module that has run no kernel yet
 * @param references of the same build, with code of its own
 * @throws Error naming the op and the numbers where a value differs
 */
export function checkKernels(engine: Engine, references: Engine): void {
  const problems = [...convolutions(engine.numerics === 'fast'), ...others()];
  const run = (): Values[][] => problems.map((one) => evaluate(engine, one, false));
  // V8 begins to optimise all of them in the background,
  run();
  const expected = problems.map(expectedOf(references));
  // ends here, and the third run finds nothing else.
  const found = optimisingAtOnce(() => [run(), run()])[1]!;
  problems.forEach(({ op, attrs }, index) => {
    const { algorithm } = attrs as { algorithm?: string };
    const name = algorithm ? `${op.name} by ${algorithm}` : op.name;
    expected[index]!.forEach((values, output) => compare(found[index]![output]!, values, name));
  });
}

/** What the references say; once where several kernels compute the same. */
function expectedOf(references: Engine): (one: Problem) => Values[] {
  const known = new Map<string, Values[]>();
  return (one) => {
    const values = known.get(one.same ?? '') ?? evaluate(references, one, true);
    if (one.same !== undefined) known.set(one.same, values);
    return values;
  };
}

function compare(found: Values, expected: Values, name: string): void {
  let largest = 0;
  for (const value of expected) largest = Math.max(largest, Math.abs(value));
  for (let at = 0; at < expected.length; at++) {
    const [own, right] = [found[at]!, expected[at]!];
    if (!(Math.abs(own - right) <= TOLERANCE * largest)) {
      throw new Error(`self-check: ${name}: element ${at} is ${own} but must be ${right}`);
    }
  }
}
