import { createHash } from 'node:crypto';

const rank = (seed, key) => createHash('sha256').update(`${seed} ${key}`).digest('hex');

/** The list in an order that the seed alone decides, whatever else is in the list. */
export function shuffled(seed, list, keyOf) {
  const ranked = list.map((one) => ({ one, rank: rank(seed, keyOf(one)) }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ one }) => one);
}

/** The first ones of each list, taken in turns: as equal a share of `count` as the lists allow. */
export function inTurns(lists, count, sizeOf) {
  const [queues, taken] = [lists.map((list) => [...list]), []];
  let left = count;
  while (left > 0 && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      const one = left > 0 ? queue.shift() : undefined;
      if (!one) continue;
      taken.push(one);
      left -= sizeOf(one);
    }
  }
  return taken;
}
