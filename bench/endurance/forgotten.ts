import { parseArgs } from 'node:util';
import { useEngine } from '../../ts/core/init.ts';
import { runtimeName } from '../../ts/inspect/runtimeName.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import type { Engine } from '../../ts/kernels/engine.ts';
import { resnet18 } from '../../ts/models/resnetRecipes.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { parseSimd } from '../simd.ts';

/** Times that what one cycle takes may be held at the peak, where nobody disposes. */
const MOST_CYCLES_HELD = 4;
const SHAPE = [1, 224, 224, 3] as const;

/**
 * `npm run bench -- forgotten [--cycles 500] [--threads 2] [--simd auto]`: ResNet-18 is made and predicts once, over and over in a loop of
 * microtasks alone; first with dispose, then without. Fails when memory grew with it, or without it beyond four times that of one cycle.
 */
export async function forgotten(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cycles: { type: 'string', default: '500' },
      threads: { type: 'string', default: '2' },
      simd: { type: 'string', default: 'auto' },
    },
  });
  const options = { threads: Number(values.threads), simd: parseSimd(values.simd) };
  const image = new Float32Array(224 * 224 * 3).fill(0.5);
  const failures: string[] = [];
  for (const dispose of [true, false]) {
    const engine = await createEngine(options);
    useEngine(engine);
    const way = dispose ? 'with dispose' : 'without dispose';
    const [one, peak] = await runCycles(engine, Number(values.cycles), dispose, image);
    process.stdout.write(
      `${runtimeName()}, build ${engine.build}, ${values.cycles} cycles ${way}: one cycle ${megabytes(one)} MB, ` +
        `peak ${megabytes(peak)} MB (${(peak / one).toFixed(2)} ×), resident at most ${megabytes(process.resourceUsage().maxRSS * 1024)} MB\n`,
    );
    if (peak > one * (dispose ? 1 : MOST_CYCLES_HELD)) failures.push(way);
    engine.close();
  }
  for (const way of failures) process.stderr.write(`forgotten: memory grew too far ${way}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

/** Bytes of WASM memory after the first cycle, and after all: it never shrinks, so the latter is the peak. */
async function runCycles(
  engine: Engine,
  cycles: number,
  dispose: boolean,
  image: Float32Array,
): Promise<readonly [one: number, peak: number]> {
  let one = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const model = resnet18({ seed: 1 });
    const predictor = new Predictor(model);
    await predictor.logits(image, SHAPE);
    if (dispose) for (const owner of [predictor, model]) owner.dispose();
    if (cycle === 0) one = engine.memoryBytes;
  }
  return [one, engine.memoryBytes];
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
