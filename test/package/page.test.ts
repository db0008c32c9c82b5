import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { dist, root } from '../../scripts/setup/paths.mjs';

/** What a page that trains and runs any net of the zoo may load in all. */
const MOST_BYTES = 110_000;

/** What a page without a bundler may ask for; each of them takes Node half a millisecond, too. */
const MOST_FILES = 24;

/** What is in a page that has ops of the extra module, and in no other. */
const OF_EXTRA = [/extra(-256)?\.wasm/, /kernels could not be loaded/];

/** Names in the code of what only networks of `allModels` have. */
const OTHERS = /SqueezeExcite|BlurPool|EfficientNet|MobileNet|ConvNeXt|UNet|ResidualDenseNet/;

const compressed = (bytes: Uint8Array): number => brotliCompressSync(bytes).length;

/** What a page loads before it runs: its script, and the chunks that this imports. Those that are imported later are for checkpoints and the like. */
interface Page {
  readonly text: string;
  /** Compressed, each by itself. */
  readonly bytes: number;
}

/** A page that trains and runs the zoo, with whatever else it uses. */
async function pageWith(...names: readonly string[]): Promise<Page> {
  const used = ['models', 'normalise', 'oneCycleSchedule', 'Predictor', 'SGD', 'Trainer', ...names];
  const contents = `
    import { init, ${used} } from './dist/index.js';
    await init();
    Object.assign(globalThis, { ${used} });
  `;
  const { outputFiles, metafile } = await build({
    metafile: true,
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
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { path: other, kind } of metafile.outputs[path]!.imports) {
      if (kind === 'import-statement' && other in metafile.outputs) load(other);
    }
  };
  load('page/stdin.js');
  const chunks = outputFiles.filter(({ path }) => [...loaded].some((own) => path.endsWith(own)));
  return {
    text: chunks.map(({ text }) => text).join('\n'),
    bytes: chunks.reduce((sum, { contents: chunk }) => sum + compressed(chunk), 0),
  };
}

it('a page that trains and runs the zoo loads little', async () => {
  const { bytes } = await pageWith();
  const assets = ['relaxed-threads.wasm', 'team-worker.js'].map((name) =>
    compressed(readFileSync(join(dist, 'assets', name))),
  );
  expect(assets.reduce((sum, size) => sum + size, bytes)).toBeLessThanOrEqual(MOST_BYTES);
});

it('it has nothing of the extra module, which a page with an op of it has', async () => {
  const [zoo, withSigmoid] = [await pageWith(), await pageWith('sigmoid')];
  for (const trace of OF_EXTRA) {
    expect(zoo.text).not.toMatch(trace);
    expect(withSigmoid.text).toMatch(trace);
  }
});

it('a page pays for other families where it names them', async () => {
  expect((await pageWith()).text).not.toMatch(OTHERS);
  expect((await pageWith('allModels')).text).toMatch(OTHERS);
});

it('without a bundler it asks for few files', async () => {
  const { metafile } = await build({
    entryPoints: [join(dist, 'index.js')],
    absWorkingDir: dist,
    outdir: 'page',
    bundle: true,
    metafile: true,
    write: false,
    format: 'esm',
    splitting: true,
    external: ['node:*'],
    logLevel: 'error',
  });
  const asked = new Set<string>();
  const ask = (path: string): void => {
    if (asked.has(path)) return;
    asked.add(path);
    for (const { path: other, kind } of metafile.inputs[path]!.imports) {
      if (kind === 'import-statement' && other in metafile.inputs) ask(other);
    }
  };
  ask('index.js');
  expect(asked.size).toBeGreaterThan(1);
  expect(asked.size).toBeLessThanOrEqual(MOST_FILES);
});

it('a bundle has little more than what it uses', async () => {
  const bytesOf = async (names: string): Promise<number> => {
    const contents = `import { ${names} } from './dist/index.js'; Object.assign(globalThis, { ${names} });`;
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: root },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      external: ['node:*'],
      logLevel: 'error',
    });
    return compressed(outputFiles[0]!.contents);
  };
  expect(await bytesOf('conv2d')).toBeLessThanOrEqual(23_000);
  expect(await bytesOf('init, tensor, relu')).toBeLessThanOrEqual(28_200);
  expect(await bytesOf('init, Sequential, Conv2d, SGD')).toBeLessThanOrEqual(33_000);
  expect(await bytesOf('init, compile')).toBeLessThanOrEqual(39_500);
});
