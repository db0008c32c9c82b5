import { canOptimiseAtOnce, compileHot, optimisingAtOnce } from './optimiseAtOnce.ts';
import { pairingTile, TILE } from './pairingTile.ts';
import { refusalToCompile } from './refusalToCompile.ts';
import { setV8Flag } from './v8Flag.ts';

/** V8's flag that pairs vectors. */
export const REVECTORIZE_FLAG = '--experimental-wasm-revectorize';

/**
 * How much faster a tile of 16 columns must be than one of 8 that cannot be paired. Where an engine makes one operation of two it is 1.9 to 2.0 times
 * as fast; where it does not, 0.6 to 0.9 (1.2 without fused multiply-add), as its sums no longer fit the registers. In an engine's
 * lower tiers it is 0.9 to 1.5.
 */
const PAIRED = 1.65;
/** Rounds in a row that must say yes: one says it as well when a small tile was interrupted. */
const AGREEING = 3;
/** Rounds in a row of optimised code that must say no while neither tile becomes faster: a busy machine may keep both from their best rate. */
const REFUSING = 4;
/** How much higher a rate must be to be of a tile that becomes faster. */
const FASTER = 1.03;
/** How much faster the small tile becomes when V8 has optimised it: 3 to 5 times. */
const TIERED_UP = 2;
/** Rounds of each tile at most; in V8's baseline tier the optimising compiler takes over after some ten. */
const MOST_ROUNDS = 24;
/** Milliseconds after which a machine is too busy to go on. */
const MOST_MILLISECONDS = 250;
/** Milliseconds that a tile is run for: some ticks of a page's clock, a tenth of a millisecond. */
const SLICE = 0.3;
/** Times that a tile is multiplied between two looks at the clock, in which the small one does half the work. */
const TIMES = [100, 50] as const;
/** Calls after which a clock that does not move stands still: some milliseconds. */
const MOST_CALLS = 500;

/** Products of a tile a millisecond, in units of the small tile's; 0 where the clock stands still. */
type Rate = (wide: 0 | 1) => number;

/**
 * Whether the optimising compiler makes operations on 256 bits of pairs of those on 128, asked by timing two tiny tiles. Takes 2 to 8
 * milliseconds, 24 rounds of 0.6 at most where the machine has time.
 *
 * @param fused with relaxed multiply-add, otherwise with products and sums
 */
export function measurePairing(fused: boolean): boolean {
  const tile = startTile(fused);
  return decidePairing(tile, canOptimiseAtOnce(), () => performance.now());
}

function startTile(fused: boolean): Rate {
  const { exports } = new WebAssembly.Instance(compileHot(pairingTile(fused)));
  const run = exports['t'] as (wide: number, times: number) => void;
  optimisingAtOnce(() => [run(1, 1), run(0, 1)]);
  return (wide) => {
    const start = performance.now();
    const work = (TIMES[wide] * TILE.columns[wide]) / TILE.columns[0];
    for (let calls = 1; calls <= MOST_CALLS; calls++) {
      run(wide, TIMES[wide]);
      const elapsed = performance.now() - start;
      if (elapsed >= SLICE) return (calls * work) / elapsed;
    }
    return 0;
  };
}

/**
 * Judges by the highest rates so far, so that a round in which the machine did something else does not count. The wide tile comes first: where a round's
 * one was optimised code, so was the small one after it.
 *
 * @param optimised whether both are optimised code from the first round on
 */
export function decidePairing(rate: Rate, optimised: boolean, clock: () => number): boolean {
  const end = clock() + MOST_MILLISECONDS;
  let [wide, small, first, yes, no] = [0, 0, 0, 0, 0];
  for (let round = 0; round < MOST_ROUNDS && clock() < end; round++) {
    const [fresh, other] = [rate(1), rate(0)];
    const rising = fresh > FASTER * wide || other > FASTER * small;
    wide = Math.max(wide, fresh);
    small = Math.max(small, other);
    if (small === 0) return false;
    if (round < 2) first = small;
    yes = wide >= PAIRED * small ? yes + 1 : 0;
    if (yes === AGREEING) return true;
    const settled = optimised || small >= TIERED_UP * first;
    no = settled && yes === 0 && !rising ? no + 1 : 0;
    if (no === REFUSING) return false;
  }
  return false;
}

const answers = new Map<boolean, boolean>();

/** Whether V8's flag is known to be off; it is afterwards as it was. A V8 that is too old to have it would say so on stderr. */
function isOff(): boolean {
  const changed = canOptimiseAtOnce() && setV8Flag(REVECTORIZE_FLAG);
  if (changed) setV8Flag(REVECTORIZE_FLAG.replace('--', '--no-'));
  return changed;
}

/** What {@link measurePairing} said the first time: a process is asked once. No where nothing can be compiled, or V8's flag is off. */
export function pairsVectors(fused: boolean): boolean {
  let answer = answers.get(fused);
  if (answer === undefined) {
    answer = refusalToCompile() === undefined && !isOff() && measurePairing(fused);
    answers.set(fused, answer);
  }
  return answer;
}

/** Whether the answer is known, for one kind of arithmetic or for any. */
export function wasAsked(fused?: boolean): boolean {
  return fused === undefined ? answers.size > 0 : answers.has(fused);
}
