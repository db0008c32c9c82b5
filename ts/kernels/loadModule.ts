import { wasmUrl, type Build } from './assets.ts';
import { nodeModule } from './node.ts';

/**
 * Reads and compiles a WASM build.
 *
 * @throws Error naming the file when it cannot be read.
 */
export async function loadModule(
  build: Build,
  location?: URL | string,
): Promise<WebAssembly.Module> {
  const url = location === undefined ? wasmUrl(build) : new URL(location, import.meta.url);
  const fs = nodeModule<typeof import('node:fs')>('node:fs');
  if (url.protocol === 'file:' && fs) {
    if (!fs.existsSync(url)) {
      throw new Error(`init: the WASM build ${build} is not at ${url.href}: run npm run build`);
    }
    return WebAssembly.compile(fs.readFileSync(url));
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`init: the WASM build ${build} is not at ${url.href}: HTTP ${response.status}`);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
