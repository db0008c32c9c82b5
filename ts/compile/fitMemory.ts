import { OutOfMemoryError } from '../base/errors.ts';
import { flopsOf, type Graph, type Value } from '../core/graph.ts';
import type { Engine } from '../kernels/engine.ts';
import { recomputeCandidates, type Candidate } from './recomputeCandidates.ts';
import { lower, type Lowered } from './lower.ts';
import { finish } from './optimize.ts';
import { innerValues } from './passes/recompute.ts';

/** Segments of all values, of half of them, and so on. */
const SEGMENT_SIZES = 10;

/** A graph with its steps and their memory. */
interface Fitted {
  readonly graph: Graph;
  readonly lowered: Lowered;
  readonly dropped: ReadonlySet<Value>;
  /** Of what is computed again. */
  readonly flops: number;
}

/**
 * Plans a fused training step in at most `budget` bytes of activations, gradients and workspaces, by computing some values
 * again where gradients need them. Values that cost memory traffic alone go first, then convolutions; a value is kept
 * where the chain that leads to it would be longer than a segment (Chen et al. 2016, arXiv:1604.06174), and the length of
 * segments is searched. What turns out not to be needed, dearest first, is kept after all.
 *
 * @throws OutOfMemoryError naming the budget and the least that was reached
 */
export function fitMemory(fused: Graph, engine: Engine, budget: number): Fitted {
  const marked = innerValues(fused);
  const attempt = (chosen: Iterable<Value>): Fitted => {
    const dropped = new Set([...marked, ...chosen]);
    const graph = finish(fused, engine.numerics === 'fast', dropped);
    const again = graph.nodes.filter((node) => node.recomputed);
    const flops = again.reduce((sum, node) => sum + flopsOf(node), 0);
    return { graph, lowered: lower(graph, engine), dropped, flops };
  };
  const fits = ({ lowered }: Fitted): boolean => lowered.arenaBytes <= budget;

  const plain = attempt([]);
  if (fits(plain)) return plain;
  const candidates = recomputeCandidates(plain.graph, fused);
  let least = plain.lowered.arenaBytes;
  for (const cheap of [true, false]) {
    const found: Fitted[] = [];
    for (const segment of segmentSizes(candidates)) {
      const fitted = attempt(chooseDropped(candidates, segment, cheap));
      least = Math.min(least, fitted.lowered.arenaBytes);
      if (fits(fitted)) found.push(fitted);
    }
    const [best] = found.sort((a, b) => a.flops - b.flops || a.dropped.size - b.dropped.size);
    if (best) return relax(best, candidates, (dropped) => attempt(dropped), fits);
  }
  throw new OutOfMemoryError(
    `compile: memoryBudget is ${budget} bytes but the least that this step can be planned in is ${least} bytes`,
  );
}

/** Lengths of segments in bytes to try: all values in one, and then half as many each time. */
function segmentSizes(candidates: readonly Candidate[]): number[] {
  const all = candidates.reduce((sum, { bytes }) => sum + bytes, 0);
  return Array.from({ length: SEGMENT_SIZES }, (_, halvings) => all / (1 << halvings));
}

/**
 * What is dropped when no value may need more than `segment` bytes of others, itself among them, to be computed again; of
 * `cheap` ones those alone whose chain costs no flops.
 */
function chooseDropped(
  candidates: readonly Candidate[],
  segment: number,
  cheap: boolean,
): Set<Value> {
  const chains = new Map<Value, ReadonlySet<Candidate>>();
  const passed = new Set<Value>();
  for (const candidate of candidates) {
    const { value, inputs, transient, flops } = candidate;
    const chain = new Set([
      candidate,
      ...inputs.flatMap((input) => [...(chains.get(input) ?? [])]),
    ]);
    const bytes = [...chain].reduce((sum, link) => sum + link.bytes, 0);
    // A value that only passed by would have to stay in its reader's place.
    const whole = inputs.every((input) => chains.has(input) || !passed.has(input));
    if ((transient || bytes <= segment) && whole && !(cheap && flops > 0)) chains.set(value, chain);
    else if (transient) passed.add(value);
  }
  return new Set(chains.keys());
}

/** Keeps as many values as the budget has room for, those first that cost most to compute for the bytes they hold. */
function relax(
  best: Fitted,
  candidates: readonly Candidate[],
  attempt: (dropped: Iterable<Value>) => Fitted,
  fits: (fitted: Fitted) => boolean,
): Fitted {
  const price = ({ flops, bytes }: Candidate): number => flops / Math.max(1, bytes);
  const dropped = candidates
    .filter(({ value, transient }) => best.dropped.has(value) && !transient)
    .sort((a, b) => price(b) - price(a));
  let [fitted, few, many] = [best, 0, dropped.length];
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2);
    const kept = new Set(dropped.slice(0, middle).map(({ value }) => value));
    const next = attempt([...best.dropped].filter((value) => !kept.has(value)));
    if (fits(next)) [fitted, few] = [next, middle];
    else many = middle;
  }
  return fitted;
}
