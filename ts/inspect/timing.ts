/** Something that can be timed: set up before, one call after the other. */
export interface TimedCase {
  readonly name: string;
  run(): Promise<unknown>;
}

/** Times of one case over all rounds. */
export interface Timing {
  /** Median over rounds of the time of one call, in milliseconds. */
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** One figure a round, in their order. */
  readonly rounds: readonly number[];
}

/** How long and how often cases are timed. */
export interface TimingOptions {
  /** Times that each case is visited; 7 by default. */
  readonly rounds?: number;
  /** Milliseconds that a visit lasts at least; 60 by default. */
  readonly visitMs?: number;
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * Times cases in interleaved rounds, so that a slow spell of the machine meets all of them: each round visits each case
 * once, for at least `visitMs`, and takes the fastest call of the visit. A first visit that is not counted warms up.
 */
export async function timeInterleaved(
  cases: readonly TimedCase[],
  options: TimingOptions = {},
): Promise<Map<TimedCase, Timing>> {
  const { rounds = 7, visitMs = 60 } = options;
  const times = new Map<TimedCase, number[]>(cases.map((item) => [item, []]));
  for (let round = -1; round < rounds; round++) {
    for (const item of cases) {
      const fastest = await visit(item, visitMs);
      if (round >= 0) times.get(item)!.push(fastest);
    }
  }
  return new Map(
    [...times].map(([item, list]) => [
      item,
      { medianMs: median(list), minMs: Math.min(...list), maxMs: Math.max(...list), rounds: list },
    ]),
  );
}

/** Runs a case for at least so many milliseconds and gives the time of its fastest call. */
export async function visit(item: TimedCase, visitMs: number): Promise<number> {
  let fastest = Infinity;
  const end = performance.now() + visitMs;
  do {
    const start = performance.now();
    await item.run();
    fastest = Math.min(fastest, performance.now() - start);
  } while (performance.now() < end);
  return fastest;
}
