import { besideCode } from './besideCode.ts';
import { extraBesideCode } from './extraBesideCode.ts';
import { joinExtra } from './joinExtra.ts';
import { readBuild } from './readBuild.ts';
import type { ExtraKernels } from './needsExtra.ts';
import { isSingle } from './wasmSource.ts';

const HEADER = 8;
const IMPORTS = 2;
/** How a memory is limited: by a maximum, and shared. */
const SHARED = 3;
/** 65536 pages in LEB128. */
const MOST_PAGES = [0x80, 0x80, 0x04];

/** The extra module; the engine's files are told from others by their identity. */
export const extra: ExtraKernels = {
  async read(width, assets, shared) {
    const name = width === 256 ? 'extra-256' : 'extra';
    if (isSingle(assets.wasm)) {
      throw new Error(`init: wasmUrl is a single build but ${name} is needed beside it`);
    }
    const wasm = assets.wasm === besideCode.wasm ? () => extraBesideCode(name) : assets.wasm;
    const found = await readBuild(name, { ...assets, wasm });
    if (!shared) return found;
    if (found.bytes) return { bytes: inSharedMemory(found.bytes) };
    throw new Error(`init: wasmUrl gives a module for ${name} but threads need its bytes`);
  },
  join: joinExtra,
};

/**
 * The module for a memory that is shared, which what it imports must say. It has no atomic instruction, so that without this one byte and
 * the maximum that must follow it, the same module is valid where there are no threads.
 */
function inSharedMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = HEADER;
  const number = (): number => {
    for (let [value, shift] = [0, 0]; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  let start = at;
  for (; bytes[at] !== IMPORTS; start = at) {
    at++;
    const size = number();
    at += size;
  }
  at++;
  const size = number();
  const end = at + size;
  // The memory is all that is imported: its limits are the last two bytes, no maximum and the least pages.
  const most = size + MOST_PAGES.length;
  const section = [IMPORTS, most, ...bytes.subarray(at, end - 2), SHARED, bytes[end - 1]!];
  return Uint8Array.from([
    ...bytes.subarray(0, start),
    ...section,
    ...MOST_PAGES,
    ...bytes.subarray(end),
  ]);
}
