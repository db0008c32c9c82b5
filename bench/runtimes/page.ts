/** The same in a page: the bench calls these two functions. */
import { prepareRounds, type Facts, type Rounds, type RoundTimes } from './rounds.ts';
import type { Simd } from '../simd.ts';

let rounds: Rounds;

Object.assign(globalThis, {
  prepare: async (threads: number, simd: Simd): Promise<Facts> => {
    rounds = await prepareRounds(threads, simd);
    return rounds.facts;
  },
  round: (): Promise<RoundTimes> => rounds.round(),
});
