import type { Assets, Build } from './assets.ts';
import { nodeModule } from './node.ts';
import { refusalToCompile } from './refusalToCompile.ts';

/** Where the files lie beside this module; written out as bundlers and their plugins look for them. */
const urls: Readonly<Record<Build, () => URL>> = {
  simd: () => new URL('./assets/simd.wasm', import.meta.url),
  relaxed: () => new URL('./assets/relaxed.wasm', import.meta.url),
  'simd-threads': () => new URL('./assets/simd-threads.wasm', import.meta.url),
  'relaxed-threads': () => new URL('./assets/relaxed-threads.wasm', import.meta.url),
  'simd-256': () => new URL('./assets/simd-256.wasm', import.meta.url),
  'relaxed-256': () => new URL('./assets/relaxed-256.wasm', import.meta.url),
  'simd-256-threads': () => new URL('./assets/simd-256-threads.wasm', import.meta.url),
  'relaxed-256-threads': () => new URL('./assets/relaxed-256-threads.wasm', import.meta.url),
};

/** Where Vite's dev server keeps dependencies that it has bundled, up to version 7 without the files beside them. */
const PREBUNDLED = /\/\.vite\/deps\w*\/assets\//;

/** Whether this code is a dependency that Vite has bundled so. */
const isPrebundled = (): boolean => PREBUNDLED.test(urls.simd().href);

/** A file as it lies in the package, where it is not beside this code. */
const placed = (url: URL): URL =>
  isPrebundled() ? new URL(url.href.replace(PREBUNDLED, '/residua/dist/assets/')) : url;

declare const __dirname: string | undefined;

/** A file beside this code; in a bundle of CommonJS, which has no import.meta.url, by the folder that it lies in. */
export function besideCodeAt(name: string, beside: () => URL): URL {
  try {
    return placed(beside());
  } catch (cause) {
    const node = nodeModule<typeof import('node:url')>('node:url');
    if (node && typeof __dirname === 'string') {
      return new URL(`assets/${name}`, node.pathToFileURL(`${__dirname}/`));
    }
    const advice = refusalToCompile() ?? `this bundle does not know where it lies: ${COPY}`;
    throw new Error(`init: ${advice}`, { cause });
  }
}

const COPY = 'give wasmUrl a copy of the folder residua/dist/assets, or import residua/inline';

/** The files beside the package's code. */
export const besideCode: Assets = {
  wasm: (build) => besideCodeAt(`${build}.wasm`, urls[build as Build]),
  advice: () =>
    isPrebundled()
      ? "add 'residua' to optimizeDeps.exclude in the configuration of Vite"
      : `in a clone npm run build makes it; beside a bundle, ${COPY}`,
  worker: {
    url: () =>
      besideCodeAt('team-worker.js', () => new URL('./assets/team-worker.js', import.meta.url)),
    start: () =>
      isPrebundled()
        ? new globalThis.Worker(besideCode.worker.url(), { type: 'module' })
        : new Worker(new URL('./assets/team-worker.js', import.meta.url), { type: 'module' }),
  },
};
