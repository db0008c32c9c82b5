/** The same in a page: the bench calls these two functions. */
import { prepareRounds, type Facts, type Rounds, type RoundTimes } from './rounds.ts';

let rounds: Rounds;

Object.assign(globalThis, {
  prepare: async (threads: number): Promise<Facts> => {
    rounds = await prepareRounds(threads);
    return rounds.facts;
  },
  round: (): Promise<RoundTimes> => rounds.round(),
});
