import type { Engine } from '../kernels/engine.ts';
import { optimisingAtOnce, optimisingSoon } from '../kernels/optimiseAtOnce.ts';
import { hasDepthwiseKernels } from '../ops/conv2d/depthwiseKernels.ts';
import { convolutions, depthwiseConvolutions } from './convolutions.ts';
import { extras } from './extras.ts';
import { prepare, type Prepared, type Values } from './prepare.ts';
import { others } from './others.ts';
import type { Problem } from './problem.ts';

/** Largest error beside the largest value of a tensor: a hundred roundings, where a wrong lane is off by the value itself. */
const TOLERANCE = 1e-5;

/**
 * Computes a few small problems of each family of kernels, in code of V8's optimising compiler, and compares them with the module's scalar references. The
 * functions keep that code, so that what was looked at is what runs.
 *
 * @param engine of a hot module that has run no kernel yet
 * @param references makes an engine of the same build, with code of its own
 * @throws Error naming the op and the numbers where a value differs
 */
export function checkKernels(engine: Engine, references: () => Engine): void {
  const problems = problemsOf(engine);
  const prepared = problems.map((one) => prepare(engine, one, false));
  // V8 begins to optimise all of them in the background,
  optimisingSoon(() => run(engine, prepared));
  const expected = expectedOf(references(), problems);
  // ends here, and the third run finds nothing else.
  optimisingAtOnce(() => [run(engine, prepared), run(engine, prepared)]);
  problems.forEach(({ op, attrs }, index) => {
    const { algorithm } = attrs as { algorithm?: string };
    const name = algorithm ? `${op.name} by ${algorithm}` : op.name;
    const found = prepared[index]!.read();
    expected[index]!.forEach((values, output) => compare(found[output]!, values, name));
  });
}

/** The problems for all kernels that an engine has. */
export function problemsOf({ numerics, extra }: Engine): Problem[] {
  const own = [...convolutions(numerics === 'fast'), ...others()];
  if (extra !== true) return own;
  return [...own, ...extras(), ...(hasDepthwiseKernels() ? depthwiseConvolutions() : [])];
}

/** Runs all problems from the start. */
export function run(engine: Engine, prepared: readonly Prepared[]): void {
  prepared.forEach((one) => one.reset());
  engine.runSteps(prepared.flatMap(({ steps }) => steps));
}

/** What the references say, computed once where several kernels give the same. */
function expectedOf(references: Engine, problems: readonly Problem[]): Values[][] {
  const known = new Map<unknown, Prepared>();
  const prepared = problems.map((one) => {
    const key = one.same ?? one;
    const found = known.get(key) ?? prepare(references, one, true);
    known.set(key, found);
    return found;
  });
  run(references, [...known.values()]);
  return prepared.map((one) => one.read());
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
