import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build, type OutputFile } from 'esbuild';
import { expect, it } from 'vitest';
import { dist, root } from '../../scripts/setup/paths.mjs';

/** What a page that trains and runs any net of the zoo may load in all. */
const MOST_BYTES = 110_000;

/** What is in a page that has ops of the extra module, and in no other. */
const OF_EXTRA = [/extra(-256)?\.wasm/, /kernels could not be loaded/];

const compressed = (bytes: Uint8Array): number => brotliCompressSync(bytes).length;

/** The script of a page that trains and runs the zoo, with whatever else it uses; other chunks are for checkpoints and for the check of 256 bits. */
async function pageWith(...names: readonly string[]): Promise<OutputFile> {
  const used = ['models', 'normalise', 'oneCycleSchedule', 'Predictor', 'SGD', 'Trainer', ...names];
  const contents = `
    import { init, ${used} } from './dist/index.js';
    await init();
    Object.assign(globalThis, { ${used} });
  `;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    outdir: 'page',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    splitting: true,
    external: ['node:*'],
    logLevel: 'error',
  });
  return outputFiles.find(({ path }) => path.endsWith('stdin.js'))!;
}

it('a page that trains and runs the zoo loads little', async () => {
  const script = await pageWith();
  const assets = ['relaxed-threads.wasm', 'team-worker.js'].map((name) =>
    readFileSync(join(dist, 'assets', name)),
  );
  const sizes = [script.contents, ...assets].map(compressed);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(MOST_BYTES);
});

it('it has nothing of the extra module, which a page with an op of it has', async () => {
  const [zoo, withSigmoid] = [await pageWith(), await pageWith('sigmoid')];
  for (const trace of OF_EXTRA) {
    expect(zoo.text).not.toMatch(trace);
    expect(withSigmoid.text).toMatch(trace);
  }
});
