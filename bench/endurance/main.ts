import { parseArgs } from 'node:util';
import { runtimeName } from '../../ts/inspect/runtimeName.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import { parseSimd } from '../simd.ts';
import { findGrowth } from './findGrowth.ts';
import { memoryUse, type MemoryUse } from './memoryUse.ts';
import { runCycle } from './workload.ts';

const MINUTE = 60_000;
/** Share of the time in which memory may still grow. */
const WARM_UP = 0.1;
/** Minutes in which memory may still grow, at most. */
const MOST_WARM_UP = 3;

/**
 * `npm run bench -- endurance [--minutes 30] [--threads 2] [--simd auto]`: networks are made, compiled, run and disposed in
 * turn; memory is printed every minute. Fails when it grew after the warm-up.
 */
export async function endurance(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      threads: { type: 'string', default: '2' },
      simd: { type: 'string', default: 'auto' },
    },
  });
  const minutes = Number(values.minutes);
  const engine = await createEngine({
    threads: Number(values.threads),
    simd: parseSimd(values.simd),
  });
  process.stdout.write(`${runtimeName()}, build ${engine.build}, ${engine.simd} bits\n`);
  const [start, uses] = [performance.now(), [] as MemoryUse[]];
  const elapsed = (): number => (performance.now() - start) / MINUTE;
  const warm = Math.min(MOST_WARM_UP, WARM_UP * minutes);
  print('minute', 'cycles', 'WASM MB', 'held MB', 'JS heap MB', 'RSS MB');
  let next = Math.min(1, minutes / 10);
  for (let cycles = 1; elapsed() < minutes; cycles++) {
    await runCycle(engine);
    if (elapsed() < next) continue;
    next = Math.max(next + Math.min(1, minutes / 10), elapsed());
    const use = await memoryUse(engine);
    if (elapsed() > warm) uses.push(use);
    const megabytes = [use.wasm, use.used, use.heap, use.rss].map((bytes) => bytes / 1e6);
    const [wasm, ...others] = megabytes.map((value) => value.toFixed(2));
    print(elapsed().toFixed(1), String(cycles), wasm!, ...others);
  }
  engine.close();
  if (uses.length < 3) throw new Error('endurance: fewer than three minutes measured: take more');
  const growth = findGrowth(uses);
  for (const line of growth) process.stderr.write(`endurance: ${line}\n`);
  if (growth.length === 0) process.stdout.write('no growth after the warm-up\n');
  process.exitCode = growth.length > 0 ? 1 : 0;
}

function print(...cells: string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(10)).join('  ')}\n`);
}
