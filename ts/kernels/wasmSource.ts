import type { WasmName } from './assets.ts';
import { resolveUrl } from './resolveUrl.ts';

/** A WASM build: the URL of its file, its bytes, or the module compiled from them. */
export type WasmFile = URL | string | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

/** Where WASM builds come from: a folder, whose URL ends with `/`; one of them; several by name; or a function that gives the one asked for. */
export type WasmSource =
  | WasmFile
  | { readonly [name in WasmName]?: WasmFile }
  | ((build: WasmName) => WasmFile | Promise<WasmFile>);

const isUrl = (source: WasmSource): source is URL | string =>
  typeof source === 'string' || 'href' in source;

const isFolder = (source: WasmSource): source is URL | string =>
  isUrl(source) && resolveUrl(source).pathname.endsWith('/');

const isBuffer = (source: WasmSource): source is ArrayBuffer =>
  Object.prototype.toString.call(source) === '[object ArrayBuffer]';

const isFile = (source: WasmSource): source is WasmFile =>
  isUrl(source) ||
  source instanceof WebAssembly.Module ||
  ArrayBuffer.isView(source) ||
  isBuffer(source);

/** Whether a source may have builds of both widths: a folder, a function, or names that say so. */
export function mayBeWide(source: WasmSource): boolean {
  if (isFolder(source) || typeof source === 'function') return true;
  return !isFile(source) && Object.keys(source).some((name) => /^(?!extra).*-256/.test(name));
}

/** Whether a source is one build, whichever is asked for. */
export const isSingle = (source: WasmSource): boolean => !isFolder(source) && isFile(source);

/** A build as it was found: one of the three. */
export interface Found {
  readonly url?: URL;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly module?: WebAssembly.Module;
}

/**
 * Finds a build in a source.
 *
 * @throws Error naming the builds that there are, where it is not among them
 */
export async function find(source: WasmSource, build: WasmName): Promise<Found> {
  const file = (await pick(source, build)) as WasmFile | undefined;
  if (file === undefined) throw new Error(`init: wasmUrl gives nothing for ${build}`);
  if (isUrl(file)) return { url: resolveUrl(file) };
  if (isBuffer(file)) return { bytes: new Uint8Array(file) };
  if (ArrayBuffer.isView(file)) {
    // A copy, as memory that is shared cannot be compiled.
    return {
      bytes: Uint8Array.from(new Uint8Array(file.buffer, file.byteOffset, file.byteLength)),
    };
  }
  return { module: file };
}

async function pick(source: WasmSource, build: WasmName): Promise<WasmFile> {
  if (typeof source === 'function') return source(build);
  if (isFolder(source)) return new URL(`${build}.wasm`, resolveUrl(source));
  if (isFile(source)) return source;
  const file = source[build];
  if (file !== undefined) return file;
  const names = Object.keys(source).join(', ');
  throw new Error(`init: wasmUrl has the builds ${names} but ${build} is needed here`);
}
