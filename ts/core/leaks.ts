import { currentEngine } from './init.ts';
import type { Engine } from '../kernels/engine.ts';
import { eventLoopTurn } from '../kernels/eventLoopTurn.ts';
import type { Holding } from '../kernels/ledger.ts';

/** Something that holds WASM memory. */
export type Leak = Omit<Holding, 'order'>;

/**
 * What holds memory of an engine (the current one, unless it is given) at the moment: tensors, plans and what they have packed, the
 * oldest first. Nothing is collected for it.
 */
export function leaks(engine?: Engine): Leak[];
/**
 * What `fn`, which may be async, made and did not give back: each with the calls that led to it. For tests: what the garbage
 * collector would find later counts, too.
 *
 * @example
 * import { leaks, relu, tensor } from 'residua';
 *
 * const left = await leaks(() => relu(tensor([-1, 2], [1, 2])));
 * console.log(left.length); // 2: nobody disposed of them
 */
export function leaks(fn: () => unknown, engine?: Engine): Promise<Leak[]>;
export function leaks(
  what?: Engine | (() => unknown),
  engine: Engine = currentEngine(),
): Leak[] | Promise<Leak[]> {
  if (typeof what === 'function') return leftBy(what, engine);
  return (what ?? engine).holdings.list().map(withoutOrder);
}

async function leftBy(fn: () => unknown, engine: Engine): Promise<Leak[]> {
  const { holdings } = engine;
  const outer = holdings.tracing;
  const from = holdings.next;
  holdings.tracing = true;
  try {
    await fn();
  } finally {
    holdings.tracing = outer;
  }
  while (engine.busy) await eventLoopTurn();
  return engine.closed ? [] : holdings.list(from).map(withoutOrder);
}

const withoutOrder = ({ name, bytes, made }: Holding): Leak => ({
  name,
  bytes,
  ...(made !== undefined && { made }),
});
