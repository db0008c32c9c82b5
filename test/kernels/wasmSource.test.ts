import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Build, WasmName } from '../../ts/kernels/assets.ts';
import { createEngine } from '../../ts/kernels/createEngine.ts';
import { resolveUrl } from '../../ts/kernels/resolveUrl.ts';
import { mayBeWide, type WasmSource } from '../../ts/kernels/wasmSource.ts';

const folder = new URL('../../ts/kernels/assets/', import.meta.url);
const fileOf = (build: WasmName): URL => new URL(`${build}.wasm`, folder);
const bytesOf = (build: WasmName): Uint8Array<ArrayBuffer> => readFileSync(fileOf(build));

/** The build of a strict engine of one thread that comes from a source. */
async function buildOf(wasmUrl: WasmSource): Promise<Build> {
  const engine = await createEngine({ threads: 1, numerics: 'strict', simd: 128, wasmUrl });
  engine.close();
  return engine.build;
}

describe('wasmUrl', () => {
  const bytes = bytesOf('simd');
  const folderPath = `${relative('.', fileURLToPath(folder))}/`;
  it.each<[string, WasmSource]>([
    ['the URL of a file', fileOf('simd')],
    ['the URL of a folder', folder],
    ['a path', fileURLToPath(fileOf('simd'))],
    ['the relative path of a folder', folderPath],
    ['a data: URL', `data:application/wasm;base64,${Buffer.from(bytes).toString('base64')}`],
    ['bytes', bytes],
    ['a part of a buffer', Buffer.concat([Buffer.alloc(7), bytes]).subarray(7)],
    ['a buffer', bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)],
    ['a compiled module', new WebAssembly.Module(bytes)],
    ['builds by name', { relaxed: fileOf('relaxed'), simd: bytes }],
    ['a function', (build) => fileOf(build)],
    ['a function that takes time', async (build) => Promise.resolve(bytesOf(build))],
  ])('may be %s', async (_, source) => {
    expect(await buildOf(source)).toBe('simd');
  });

  it.each<[string, WasmSource, string]>([
    [
      'another build',
      bytesOf('relaxed-threads'),
      'gives the build relaxed-threads but simd is needed here',
    ],
    [
      'another module',
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
      'gives no WASM build of this version but simd is needed here',
    ],
    [
      'other names',
      { relaxed: fileOf('relaxed') },
      'has the builds relaxed but simd is needed here',
    ],
    [
      'a page',
      new TextEncoder().encode('<!doctype html>'),
      'init: wasmUrl begins with "<!doctype html>" but WASM with',
    ],
    [
      'the URL of a page',
      'data:text/html,<p>',
      'the WASM build simd is not at a data: URL: what lies there begins with "<p>"',
    ],
    [
      'a folder without',
      new URL('file:///nowhere/'),
      'the WASM build simd is not at file:///nowhere/simd.wasm: there is no such file',
    ],
  ])('that is %s is told by name', async (_, source, message) => {
    await expect(buildOf(source)).rejects.toThrow(message);
  });

  it('lets auto ask for wide builds where there may be some', () => {
    const wide: WasmSource[] = [folder, folderPath, fileOf, { 'simd-256': bytes }];
    const one: WasmSource[] = [fileOf('simd'), 'a.wasm', bytes, { simd: bytes }];
    expect([...wide, ...one].map(mayBeWide)).toEqual([
      ...wide.map(() => true),
      ...one.map(() => false),
    ]);
  });
});

describe('resolveUrl', () => {
  afterEach(() => vi.unstubAllGlobals());
  const cwd = new URL('./', resolveUrl('x'));

  it('takes text for a path in a program', () => {
    expect(fileURLToPath(cwd)).toBe(`${process.cwd()}/`);
    expect(resolveUrl('/a b/').href).toBe('file:///a%20b/');
    expect(resolveUrl('https://example.com/a').href).toBe('https://example.com/a');
  });

  it.each([
    [{ document: { baseURI: 'https://example.com/app/page' } }, 'https://example.com/app/a.wasm'],
    [{ location: { href: 'https://example.com/worker.js' } }, 'https://example.com/a.wasm'],
    [
      { location: { href: 'blob:https://example.com/1' }, origin: 'https://example.com' },
      'https://example.com/a.wasm',
    ],
  ])('takes it relative to the page or the worker: %o', (globals, expected) => {
    vi.stubGlobal('process', { ...process, getBuiltinModule: undefined });
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    expect(resolveUrl('a.wasm').href).toBe(expected);
  });
});
