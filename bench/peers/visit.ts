/** Runs something for at least so long after one run that only warms up, and gives the times. */
export async function visit(run: () => Promise<unknown>, visitMs: number): Promise<number[]> {
  const times: number[] = [];
  const begin = performance.now();
  await run();
  const warm = performance.now() - begin;
  // A run that is longer than a visit has warmed up by itself.
  if (warm >= visitMs) return [warm];
  const end = performance.now() + visitMs;
  do {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  } while (performance.now() < end);
  return times;
}
