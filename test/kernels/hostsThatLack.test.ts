import { afterEach, beforeEach, expect, it, vi } from 'vitest';

/** Hosts are asked when the module is loaded, or once. */
beforeEach(() => void vi.resetModules());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const { Module } = WebAssembly;
const REFUSAL = 'generation disallowed';

/** A host like Cloudflare Workers, which has modules that were compiled before, and compiles none. */
function refuseToCompile(): void {
  const refuse = (): never => {
    throw new WebAssembly.CompileError(REFUSAL);
  };
  vi.spyOn(WebAssembly, 'compile').mockImplementation(refuse);
  vi.stubGlobal(
    'WebAssembly',
    Object.create(WebAssembly, { Module: { value: new Proxy(Module, { construct: refuse }) } }),
  );
}

it('where nothing can be compiled, a compiled module is taken, and nothing else asked for', async () => {
  const { besideCode } = await import('../../ts/kernels/besideCode.ts');
  const { loadModules } = await import('../../ts/kernels/modules.ts');
  const { readBuild } = await import('../../ts/kernels/readBuild.ts');
  const { createEngine } = await import('../../ts/kernels/createEngine.ts');
  const { module: simd } = await loadModules('simd', besideCode);
  const { bytes } = await readBuild('simd', besideCode);
  refuseToCompile();
  const sources = [{ simd }, () => simd, simd];
  for (const wasmUrl of sources) {
    const engine = await createEngine({ threads: 1, wasmUrl });
    expect([engine.build, engine.simd]).toEqual(['simd', 128]);
    engine.close();
  }
  const advice = `init: no WASM can be compiled here (${REFUSAL}): a page's policy must allow 'wasm-unsafe-eval'`;
  for (const options of [{}, { wasmUrl: bytes! }, { wasmUrl: './nowhere/' }]) {
    await expect(createEngine({ threads: 1, ...options })).rejects.toThrow(advice);
  }
});

it('contexts that are there in name alone are not used', async () => {
  const real = process.getBuiltinModule;
  const createContext = vi.fn(() => ({}));
  class Script {
    runInContext(): never {
      throw new Error('not implemented');
    }
  }
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) =>
    name === 'node:vm' ? { createContext, Script } : real(name),
  );
  const { letGoOfJob } = await import('../../ts/kernels/collectGarbage.ts');
  letGoOfJob();
  letGoOfJob();
  expect(createContext).toHaveBeenCalledTimes(1);
});
