import { sameShape, type Shape, type Spec } from '../../base/shape.ts';
import type { Call, Step } from '../../kernels/step.ts';
import type { AnyOp, Follow, Op, View } from '../op.ts';
import type { One, Tree } from '../places.ts';
import { mapArgs } from './args.ts';
import { encode } from './encode.ts';
import type { Formula } from './formula.ts';
import { broadcastShape, stepsOf } from './layout.ts';
import type { Program, Term } from './program.ts';

/** Settings of an op that a map follows. */
interface Followed {
  readonly first: unknown;
  /** Which input of the formula is what the op makes. */
  readonly at: number;
  readonly formula: Formula;
}

/** What both read: the first op's inputs, then those of the formula that it does not make. */
type Inputs<T> = { readonly first: Tree<T>; readonly others: readonly T[] };

/** Has a map work on what another op writes, region by region, while a cache holds it. */
export const follow: Follow = (consumer, h, producer) => {
  const { parts } = consumer.inputs as { readonly parts: readonly (typeof h)[] };
  const whole = broadcastShape(
    consumer.op.name,
    parts.map(({ shape }) => shape),
  );
  if (!sameShape(whole, h.shape) || !parts.every(({ shape }) => isByPixels(shape, whole)))
    return undefined;
  const others = parts.filter((part) => part !== h);
  const attrs = { first: producer.attrs, at: parts.indexOf(h), formula: consumer.attrs };
  return {
    op: followed(producer.op, consumer.op),
    inputs: { first: producer.inputs, others },
    attrs,
  };
};

/** Whether a tensor has a value for every pixel of images, or the same for all pixels of one. */
function isByPixels(shape: Shape, whole: Shape): boolean {
  const [height = 1, width = 1] = shape.slice(-3, -1);
  return height * width === 1 || sameShape([height, width], whole.slice(-3, -1));
}

const ops = new WeakMap<AnyOp, AnyOp>();

/** The op that does what another one does, and then a formula to its output, as `map` does it. */
function followed(op: AnyOp, map: AnyOp): AnyOp {
  const known = ops.get(op);
  if (known) return known;
  const made: Op<{ first: One; others: readonly One[] }, { y: One }, Followed> = {
    name: op.name,
    first: op,
    title: ({ first, formula }) => `${op.title?.(first) ?? op.name} + ${formula.name}`,
    denseInputs: (op.denseInputs ?? []).map((name) => `first.${name}`) as never,
    infer: (inputs, { first }) => op.infer(partsOf<Spec>(inputs).first, first) as never,
    expectKernels(engine) {
      op.expectKernels?.(engine);
      map.expectKernels?.(engine);
    },
    flops: (inputs, outputs, { first }) =>
      op.flops?.(partsOf<Spec>(inputs).first, outputs, first) ?? 0,
    lower(to, inputs, { y }, { first, at, formula }) {
      const both = partsOf<View>(inputs);
      const parts = [...both.others.slice(0, at), y, ...both.others.slice(at)];
      const steps: Step[] = [];
      const workspace = (bytes: number) => to.workspace(bytes);
      op.lower(
        { winograd: to.winograd, step: (step) => steps.push(step), workspace },
        both.first,
        { y },
        first,
      );
      const last = steps.pop();
      for (const step of steps) to.step(step);
      const most = 'most' in (last?.args ?? {}) ? limitOf(formula.program) : undefined;
      if (last && most !== undefined) to.step({ ...last, args: { ...last.args, relu: 1, most } });
      else if (last?.tells) to.step({ ...last, then: regionCall(y, parts, formula) });
      else {
        if (last) to.step(last);
        map.lower(to, { parts }, { y }, formula);
      }
    },
  };
  ops.set(op, made);
  return made;
}

/** The constant c of `min(max(x, 0), c)`, which convolutions compute themselves. */
function limitOf({ inputs, terms }: Program): number | undefined {
  const [x, zero, above, limit, result, more] = terms;
  const isLimited =
    inputs === 1 &&
    !more &&
    is(x, { input: 0 }) &&
    Object.is('constant' in zero! && zero.constant, 0) &&
    is(above, { code: 'max', a: 0, b: 1 }) &&
    is(result, { code: 'min', a: 2, b: 3 });
  return isLimited && 'constant' in limit! && limit.constant > 0 ? limit.constant : undefined;
}

const is = (term: Term | undefined, wanted: Term): boolean =>
  JSON.stringify(term) === JSON.stringify(wanted);

/** The inputs as they are: the first op's are a tree of whatever places it has. */
const partsOf = <T>(inputs: unknown): Inputs<T> => inputs as Inputs<T>;

/** The call of the kernel that works on regions of y, which is among the inputs. */
function regionCall(y: View, parts: readonly View[], { program }: Formula): Call {
  const [images = 1, height = 1, width = 1, channels = 1] = y.shape;
  const box = [y, ...parts].flatMap((view) => {
    const [image = 0, row = 0, pixel = 0, channel = 0] = stepsOf(view, y.shape);
    return [0, image, width === 1 ? row : pixel, channel];
  });
  const layout = Int32Array.from([1, images, height * width, channels, ...box]);
  const words = encode(program)!;
  return {
    kernel: 'map.forward.f32/region',
    args: mapArgs(
      parts.map(({ pointer }) => pointer),
      y.pointer,
      layout,
      words,
    ),
  };
}
