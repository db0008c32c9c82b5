import { sameShape } from '../../base/shape.ts';
import type { Spec } from '../../base/shape.ts';
import { add } from '../add.ts';
import { batchNormApply } from '../batchNorm/batchNormApply.ts';
import { scaleBy } from '../dot.ts';
import { multiply } from '../multiply.ts';
import type { AnyOp, Applied, Join, Op } from '../op.ts';
import { items, type Of, type Tree } from '../places.ts';
import { relu, reluBackward } from '../relu.ts';
import { sigmoid, sigmoidBackward } from '../sigmoid.ts';
import { costOf } from './code.ts';
import { encode } from './encode.ts';
import type { Formula } from './formula.ts';
import { broadcastShape } from './layout.ts';
import { trimmed, Writer, type Place, type Program } from './program.ts';

/** A program with the tensors that it reads. */
interface Reading<T> {
  readonly name: string;
  readonly program: Program;
  readonly parts: readonly T[];
}

/** Cost up to which numbers are rather computed twice than written and read. */
const CHEAP = 8;

/** Makes one program of two, if it fits the registers and h has the size of what is made of it. */
export const join: Join = (consumer, h, producer, shared) => {
  const [last, first] = [readingOf(consumer), readingOf(producer)];
  if (!last || !first || (shared && costOfAll(first.program) > CHEAP)) return undefined;
  const shapes = last.parts.map(({ shape }) => shape);
  if (!sameShape(broadcastShape(last.name, shapes), h.shape)) return undefined;
  const all = [...new Set([...first.parts, ...last.parts.filter((part) => part !== h)])];
  const to = new Writer();
  const place = (part: unknown): Place => to.input(all.indexOf(part as never));
  const between = to.inline(first.program, first.parts.map(place));
  const result = to.inline(
    last.program,
    last.parts.map((part) => (part === h ? between : place(part))),
  );
  const { program, parts } = trimmed(to.finish(all.length, result), all);
  if (!encode(program)) return undefined;
  const formula: Formula = { name: `${first.name}, ${last.name}`, program };
  const { op } = isMap(consumer) ? consumer : producer;
  return { op, inputs: { parts }, attrs: formula };
};

/** Whether this is the op that runs programs: others have no {@link join}. */
const isMap = ({ op }: { readonly op: AnyOp }): boolean => op.join === join;

const costOfAll = ({ terms }: Program): number =>
  terms.reduce((sum, term) => sum + ('code' in term ? costOf(term.code) : 0), 0);

/** The program of an elementwise op, rounding as its kernel does. */
function readingOf<T extends Spec>({ op, inputs, attrs }: Applied<T>): Reading<T> | undefined {
  if (isMap({ op })) {
    const { name, program } = attrs as Formula;
    return { name, program, parts: (inputs as Of<{ parts: readonly never[] }, T>).parts };
  }
  const known = KNOWN.get(op);
  if (!known) return undefined;
  const parts = items<T>(inputs);
  const to = new Writer();
  const places = parts.map((_, i) => to.input(i));
  return {
    name: op.name,
    program: to.finish(
      parts.length,
      known(to, inputs, attrs, (part) => places[parts.indexOf(part as T)]!),
    ),
    parts,
  };
}

type Known = (
  to: Writer,
  inputs: Tree<unknown>,
  attrs: unknown,
  place: (part: unknown) => Place,
) => Place;

/** An op whose kernel does this. */
function known<I, O, A>(
  op: Op<I, O, A>,
  write: (to: Writer, inputs: Of<I, Place>, attrs: A) => Place,
): [AnyOp, Known] {
  const placed = (tree: Tree<unknown>, place: (part: unknown) => Place): unknown =>
    Object.fromEntries(
      Object.entries(tree).map(([name, item]) => [
        name,
        item !== undefined && !('shape' in (item as object))
          ? placed(item as Tree<unknown>, place)
          : place(item),
      ]),
    );
  return [
    op as unknown as AnyOp,
    (to, inputs, attrs, place) => write(to, placed(inputs, place) as Of<I, Place>, attrs as A),
  ];
}

const clipped = (to: Writer, x: Place): Place => to.do('max', x, to.constant(0));

const KNOWN = new Map<AnyOp, Known>([
  known(add, (to, { a, b }, attrs) => {
    const sum = to.add(a, b);
    return attrs.relu ? clipped(to, sum) : sum;
  }),
  known(multiply, (to, { a, b }) => to.multiply(a, b)),
  known(scaleBy, (to, { x, s }) => to.multiply(x, s)),
  known(relu, (to, { x }) => clipped(to, x)),
  known(reluBackward, (to, { dy, y }) => to.keep(dy, y)),
  known(sigmoid, (to, { x }) => to.do('sigmoid', x)),
  known(sigmoidBackward, (to, { dy, y }) => {
    const slope = to.multiply(y, to.subtract(to.constant(1), y));
    return to.multiply(slope, dy);
  }),
  known(batchNormApply, (to, { x, norm }, attrs) => {
    const scale = to.multiply(norm.gamma, norm.rstd);
    const y = to.add(norm.beta, to.multiply(to.subtract(x, norm.mean), scale));
    return attrs.relu ? clipped(to, y) : y;
  }),
]);
