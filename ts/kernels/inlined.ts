import type { Assets, WasmName } from './assets.ts';
import packed from './assets/inlined.bin';
import worker from './assets/team-worker.js?text';

/** What scripts/setup/inlined.mjs writes before the builds. */
interface Header {
  readonly builds: readonly { readonly name: WasmName; readonly length: number }[];
  readonly slices: number;
}

/** Finds a build in what is packed: the first slice of each comes before the second of any, as deflate finds what is alike within 32 kB. */
async function unpack(wanted: WasmName): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let from = bytes.indexOf(0) + 1;
  const { builds, slices } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(0, from - 1)),
  ) as Header;
  const found = builds.find(({ name }) => name === wanted);
  if (!found) {
    const names = builds.map(({ name }) => name).join(', ');
    throw new Error(`init: residua/inline has the builds ${names} but ${wanted} is needed here`);
  }
  const build = new Uint8Array(found.length);
  for (let slice = 0; slice < slices; slice++) {
    for (const { name, length } of builds) {
      const [start, end] = [
        Math.floor((slice * length) / slices),
        Math.floor(((slice + 1) * length) / slices),
      ];
      if (name === wanted) build.set(bytes.subarray(from, from + end - start), start);
      from += end - start;
    }
  }
  return build;
}

/** The WASM builds of 128 bits, the extra module and the worker's script, as parts of the code. */
export const inlined: Assets = {
  wasm: unpack,
  worker: { url: () => new URL(`data:text/javascript,${encodeURIComponent(worker)}`) },
};
