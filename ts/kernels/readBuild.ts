import type { Assets, WasmName } from './assets.ts';
import { bytesOfDataUrl } from './dataUrl.ts';
import { nodeModule } from './node.ts';
import { refusalToCompile } from './refusalToCompile.ts';
import { find, type Found } from './wasmSource.ts';

const compiled = new Set<WasmName>();

/** Notes that a build is compiled. */
export const noteCompiled = (build: WasmName): unknown => compiled.add(build);

/** Whether this build, or any, was compiled in this process. */
export function wasCompiled(build?: WasmName): boolean {
  return build === undefined ? compiled.size > 0 : compiled.has(build);
}

/** The same module with an empty custom section: V8 shares compiled code between modules of the same bytes. */
export function apart(bytes: Uint8Array, mark: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length + 4);
  copy.set(bytes);
  copy.set([0, 2, 1, mark], bytes.length);
  return copy;
}

/** A WASM build: its bytes, or the module that is given for them. */
export type Read = Omit<Found, 'url'>;

/**
 * Reads a WASM build, to its bytes or the module that is given for them.
 *
 * @throws Error naming the file when it cannot be read or is another build, or why it could not be compiled
 */
export async function readBuild(build: WasmName, assets: Assets): Promise<Read> {
  const found = await find(assets.wasm, build);
  if (!found.module) expectCompiler();
  const { url } = found;
  if (!url) {
    if (found.bytes) expectWasm(found.bytes, 'init: wasmUrl');
    return expectBuild(found, build);
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readUrl(url);
    expectWasm(bytes, 'what lies there');
  } catch (cause) {
    const place = url.protocol === 'data:' ? 'a data: URL' : url.href;
    const advice = assets.advice ? `: ${assets.advice()}` : '';
    const reason = (cause as Error).message;
    throw new Error(`init: the WASM build ${build} is not at ${place}: ${reason}${advice}`, {
      cause,
    });
  }
  return expectBuild({ bytes }, build);
}

/** Throws where only modules that are compiled already are of use. */
function expectCompiler(): void {
  const refusal = refusalToCompile();
  if (refusal !== undefined) throw new Error(`init: ${refusal}`);
}

async function readUrl(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === 'data:') return bytesOfDataUrl(url);
  const fs = nodeModule<typeof import('node:fs')>('node:fs');
  if (url.protocol === 'file:' && fs) {
    if (!fs.existsSync(url)) throw new Error('there is no such file');
    return fs.readFileSync(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const MAGIC = [0, 97, 115, 109];

function expectWasm(bytes: Uint8Array, what: string): void {
  if (MAGIC.every((byte, i) => bytes[i] === byte)) return;
  const text = JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 16)));
  throw new Error(`${what} begins with ${text} but WASM with "\\0asm"`);
}

/** Bytes at the end of a file in which its name is. */
const TAIL = 32;

/** Throws unless this is the build of that name, which the section `residua` at its end says. */
function expectBuild(found: Read, build: WasmName): Read {
  const text = new TextDecoder();
  const section = found.module && WebAssembly.Module.customSections(found.module, 'residua')[0];
  const name = found.bytes
    ? /residua([\w-]+)$/.exec(text.decode(found.bytes.subarray(-TAIL)))?.[1]
    : section && text.decode(section);
  if (name === build) return found;
  const given = name === undefined ? 'no WASM build of this version' : `the build ${name}`;
  throw new Error(`init: wasmUrl gives ${given} but ${build} is needed here`);
}
