import { wasmUrl, type Build } from './assets.ts';
import { nodeModule } from './node.ts';

const compiled = new Set<Build>();

/** Notes that a build is compiled. */
export const noteCompiled = (build: Build): unknown => compiled.add(build);

/** Whether this build, or any, was compiled in this process. */
export function wasCompiled(build?: Build): boolean {
  return build === undefined ? compiled.size > 0 : compiled.has(build);
}

/**
 * Reads and compiles a WASM build.
 *
 * @throws Error naming the file when it cannot be read.
 */
export async function loadModule(
  build: Build,
  location?: URL | string,
): Promise<WebAssembly.Module> {
  const bytes = await readBuild(build, location);
  noteCompiled(build);
  return WebAssembly.compile(bytes);
}

/** The same module with an empty custom section: V8 shares compiled code between modules of the same bytes. */
export function apart(bytes: Uint8Array, mark: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length + 4);
  copy.set(bytes);
  copy.set([0, 2, 1, mark], bytes.length);
  return copy;
}

/**
 * Reads a WASM build.
 *
 * @throws Error naming the file when it cannot be read.
 */
export async function readBuild(
  build: Build,
  location?: URL | string,
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
