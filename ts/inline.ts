/**
 * residua/inline: all of `residua`, with the WASM builds of 128 bits, the extra module and the script of the workers inside, for single files: pages without a server,
 * programs that are compiled, bundlers that copy no files. 183 kB more than `residua`, before the WASM that it replaces.
 */
import { initFrom } from './core/init.ts';
import type { EngineOptions } from './kernels/createEngine.ts';
import type { Engine } from './kernels/engine.ts';
import { inlined } from './kernels/inlined.ts';

export * from './index.ts';

/**
 * `init` of `residua`, with the files that are inside; `simd` is 128 by default, as no others are.
 *
 * @throws as that of `residua`
 */
export const init = (options: EngineOptions = {}): Promise<Engine> =>
  initFrom(inlined, { simd: 128, ...options });
