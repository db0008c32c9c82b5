import { collectGarbage, letGoOfJob } from './collectGarbage.ts';

/** Something that holds WASM memory. */
export interface Holding {
  /** Later ones have larger numbers. */
  readonly order: number;
  readonly name: string;
  readonly bytes: number;
  /** The calls that led to it, innermost first; only while {@link Ledger.tracing}. */
  readonly made?: string;
}

/** What a token is told. */
interface Ordered {
  order?: number;
}

interface Entry {
  readonly nameOf: () => string;
  readonly bytes: number;
  readonly release: () => void;
  readonly made?: Error;
  readonly token: WeakRef<object> | undefined;
}

/** Smaller ones are given back when the event loop has a turn, and not found before. */
const LARGE_BYTES = 1 << 14;
/** So many objects live at most longer than they have to because weak references were made to them in this job. */
const MOST_KEPT = 1 << 12;

/**
 * Knows what holds WASM memory, and gives it back when nobody holds it any more. Each holding has a token: an object that lives as
 * long as somebody may use the memory.
 */
export class Ledger {
  /** Notes where what is held from now on was made. */
  tracing = false;
  readonly #entries = new Map<number, Entry>();
  readonly #dropped = new FinalizationRegistry<number>((order) => this.#giveBack(order));
  #next = 0;
  #kept = 0;

  /** Notes a holding. `release` gives its memory back; it must not lead to the token. */
  hold(token: object, bytes: number, nameOf: () => string, release: () => void): void {
    const order = this.#next++;
    const large = bytes >= LARGE_BYTES;
    if (large && ++this.#kept > MOST_KEPT) {
      letGoOfJob();
      this.#kept = 0;
    }
    this.#entries.set(order, {
      nameOf,
      bytes,
      release,
      ...(this.tracing && { made: traced() }),
      token: large ? new WeakRef(token) : undefined,
    });
    (token as Ordered).order = order;
    this.#dropped.register(token, order, token);
  }

  /** Takes a holding off the list, as somebody gives it back; false when it is not on it. */
  forget(token: object): boolean {
    this.#dropped.unregister(token);
    return this.#entries.delete((token as Ordered).order!);
  }

  /**
   * Collects garbage and gives back at once what is large and nobody holds. What was made in this job, and what is small, may
   * need a turn of the event loop to be found.
   */
  sweep(): void {
    letGoOfJob();
    this.#kept = 0;
    collectGarbage();
    for (const [order, { token }] of this.#entries) {
      if (token && !token.deref()) this.#giveBack(order);
    }
  }

  /** All that is held, the oldest first, from a number on. */
  list(from = 0): Holding[] {
    return [...this.#entries]
      .filter(([order]) => order >= from)
      .map(([order, { nameOf, bytes, made }]) => ({
        order,
        name: nameOf(),
        bytes,
        ...(made?.stack !== undefined && { made: callsOf(made.stack) }),
      }));
  }

  /** Number of the next holding. */
  get next(): number {
    return this.#next;
  }

  #giveBack(order: number): void {
    const entry = this.#entries.get(order);
    this.#entries.delete(order);
    entry?.release();
  }
}

/** Calls that are noted: those of this library come first. */
const CALLS = 40;

/** An error that knows where it was made, also far from here. */
function traced(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = CALLS;
  const error = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

/** A stack without its first line, which V8 gives to the message. */
const callsOf = (stack: string): string => stack.replace(/^Error.*\n/, '');
