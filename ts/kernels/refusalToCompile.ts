/** A module with nothing in it. */
const EMPTY = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

/** Why no WASM can be compiled here, as a page's policy or Cloudflare Workers have it, and what to do; undefined where it can. */
export function refusalToCompile(): string | undefined {
  try {
    void new WebAssembly.Module(EMPTY);
    return undefined;
  } catch (error) {
    return (
      `no WASM can be compiled here (${(error as Error).message}): ` +
      "a page's policy must allow 'wasm-unsafe-eval'; in Cloudflare Workers write " +
      "import simd from 'residua/assets/simd.wasm' and init({ wasmUrl: { simd } })"
    );
  }
}
