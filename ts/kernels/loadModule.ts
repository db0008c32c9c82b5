import { wasmUrl, type Build } from './assets.ts';
import { nodeModule } from './node.ts';

const compiled = new Set<Build>();

/** Whether {@link loadModule} has compiled this build, or any, in this process. */
export function wasCompiled(build?: Build): boolean {
  return build === undefined ? compiled.size > 0 : compiled.has(build);
}

/** An empty custom section: V8 shares compiled code between modules of the same bytes. */
const MARK = [0, 2, 1, 120];

/**
 * Reads and compiles a WASM build.
 *
 * @param apart whether it must not share compiled code with other modules of this build
 * @throws Error naming the file when it cannot be read.
 */
export async function loadModule(
  build: Build,
  location?: URL | string,
  apart = false,
): Promise<WebAssembly.Module> {
  const bytes = await readBytes(build, location);
  compiled.add(build);
  return WebAssembly.compile(apart ? Uint8Array.from([...bytes, ...MARK]) : bytes);
}

async function readBytes(
  build: Build,
  location: URL | string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = location === undefined ? wasmUrl(build) : new URL(location, import.meta.url);
  const fs = nodeModule<typeof import('node:fs')>('node:fs');
  if (url.protocol === 'file:' && fs) {
    if (!fs.existsSync(url)) {
      throw new Error(`init: the WASM build ${build} is not at ${url.href}: run npm run build`);
    }
    return fs.readFileSync(url);
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`init: the WASM build ${build} is not at ${url.href}: HTTP ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}
