/** The WASM builds: {plain SIMD, relaxed FMA} × {vectors of 128 bits, pairs of them} × {one thread, shared memory}. */
export type Build = `${'simd' | 'relaxed'}${'' | '-256'}${'' | '-threads'}`;

/** Where the files lie beside this module; written out so that bundlers see each of them. */
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

/** URL of a build's WASM file. */
export function wasmUrl(build: Build): URL {
  return urls[build]();
}

/** URL of the script that a worker of the team runs. */
export function teamWorkerUrl(): URL {
  return new URL('./assets/team-worker.js', import.meta.url);
}
