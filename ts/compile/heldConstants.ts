import type { Engine } from '../kernels/engine.ts';
import type { Buffer } from '../kernels/step.ts';

/** A folded or packed weight in memory, which lasts as long as a plan holds this. */
export interface HeldConstant {
  readonly buffer: Required<Buffer>;
  /** Sum of the versions of the tensors that it was made from; -1 while it has no values. */
  version: number;
}

interface Counted extends HeldConstant {
  users: number;
}

type Held = Map<string, WeakRef<Counted>>;

const heldBy = new WeakMap<Engine, Held>();
/** Takes the names of those off the list that no plan holds any more. */
const dropped = new FinalizationRegistry<{ readonly all: Held; readonly key: string }>(
  ({ all, key }) => {
    if (!all.get(key)?.deref()) all.delete(key);
  },
);

/** Memory for a constant, the same for all plans of an engine that ask with the same key. Throws {@link OutOfMemoryError}. */
export function holdConstant(engine: Engine, key: string, bytes: number): HeldConstant {
  let all = heldBy.get(engine);
  if (!all) heldBy.set(engine, (all = new Map()));
  let held = all.get(key)?.deref();
  if (!held) {
    held = { buffer: engine.allocate(bytes, 'packed weights'), version: -1, users: 0 };
    all.set(key, new WeakRef(held));
    dropped.register(held, { all, key });
  }
  held.users++;
  return held;
}

/** Gives a constant up; its memory is freed when no plan holds it any more. */
export function leaveConstant(engine: Engine, key: string): void {
  const all = heldBy.get(engine);
  const held = all?.get(key)?.deref();
  if (!all || !held || --held.users > 0) return;
  all.delete(key);
  engine.free(held.buffer);
}
