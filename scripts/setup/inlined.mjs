// What `residua/inline` has inside: WASM builds packed together as base64, and the worker's script as text.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { assets } from './paths.mjs';
import { trimModule } from './trimModule.mjs';

const BUILDS = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads', 'extra'];
/** So many that a slice of each build lies within the 32 kB in which deflate finds what is alike; more gain nothing. */
const SLICES = 64;

/** The files that the entry is made from. */
export const inlinedFiles = BUILDS.map((name) => join(assets, `${name}.wasm`));

/** Whether all of them are there: what `npm start` needs is one build. */
export const canInline = () => inlinedFiles.every((file) => existsSync(file));

/** A header that ends with 0, then the first slice of each build, the second of each, and so on; deflated. */
function pack() {
  const contents = inlinedFiles.map((file) =>
    trimModule(readFileSync(file), { references: false }),
  );
  const builds = BUILDS.map((name, i) => ({ name, length: contents[i].length }));
  const parts = [Buffer.from(`${JSON.stringify({ builds, slices: SLICES })}\0`)];
  for (let slice = 0; slice < SLICES; slice++) {
    for (const bytes of contents) {
      const [start, end] = [slice, slice + 1].map((n) => Math.floor((n * bytes.length) / SLICES));
      parts.push(bytes.subarray(start, end));
    }
  }
  const { Z_BEST_COMPRESSION: level, Z_DEFAULT_STRATEGY: strategy } = constants;
  return deflateRawSync(Buffer.concat(parts), { level, strategy, memLevel: 9 });
}

/** A plugin of esbuild that gives `ts/kernels/inlined.ts` its two imports. */
export const inlinedPlugin = {
  name: 'inlined',
  setup(build) {
    build.onResolve({ filter: /inlined\.bin$|\?text$/ }, ({ path }) => ({
      path: basename(path).replace('?text', ''),
      namespace: 'inlined',
    }));
    build.onLoad({ filter: /\.bin$/, namespace: 'inlined' }, () => ({
      contents: pack(),
      loader: 'base64',
    }));
    build.onLoad({ filter: /\.js$/, namespace: 'inlined' }, ({ path }) => ({
      contents: readFileSync(join(assets, path)),
      loader: 'text',
    }));
  },
};
