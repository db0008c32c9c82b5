import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { dist, root } from '../../scripts/setup/paths.mjs';

/** What a page that trains and runs any net of the zoo may load in all. */
const MOST_BYTES = 110_000;

const PAGE = `
  import { init, models, normalise, oneCycleSchedule, Predictor, SGD, Trainer } from './dist/index.js';
  await init();
  Object.assign(globalThis, { models, normalise, oneCycleSchedule, Predictor, SGD, Trainer });
`;

const compressed = (bytes: Uint8Array): number => brotliCompressSync(bytes).length;

it('a page that trains and runs the zoo loads little', async () => {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: root },
    outdir: 'page',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    splitting: true,
    external: ['node:*'],
    logLevel: 'error',
  });
  // Other chunks are for checkpoints and for the check of 256 bits.
  const script = outputFiles.find(({ path }) => path.endsWith('stdin.js'))!;
  const assets = ['relaxed-threads.wasm', 'team-worker.js'].map((name) =>
    readFileSync(join(dist, 'assets', name)),
  );
  const sizes = [script.contents, ...assets].map(compressed);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(MOST_BYTES);
});
