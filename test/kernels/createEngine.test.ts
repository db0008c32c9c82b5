import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OutOfMemoryError } from '../../ts/base/errors.ts';
import { chooseBuild, createEngine, type EngineOptions } from '../../ts/kernels/createEngine.ts';
import { cores } from '../../ts/kernels/cores.ts';
import { lackOfThreads, probe } from '../../ts/kernels/probe.ts';
import { pairsVectors } from '../../ts/kernels/pairsVectors.ts';
import { allBuilds, engineOn, missing } from '../helpers/engines.ts';

const all = { simd: true, relaxed: true, fma: true, threads: true };

describe('probe', () => {
  it('finds SIMD and threads in every runtime that the tests run in', () => {
    expect(probe()).toMatchObject({ simd: true, threads: true });
  });

  it('asks a multiply-add for a value: one that rounds twice is none, and plain SIMD is used', async () => {
    if (!probe().relaxed) return;
    const { Instance } = WebAssembly;
    const twice = (a: number, b: number, c: number): number => Math.fround(Math.fround(a * b) + c);
    const once = (a: number, b: number, c: number): number => Math.fround(a * b + c);
    const fmaOf = (f: typeof twice): boolean => {
      WebAssembly.Instance = class {
        readonly exports = { f };
      };
      try {
        return probe().fma;
      } finally {
        WebAssembly.Instance = Instance;
      }
    };
    expect([fmaOf(once), fmaOf(twice)]).toEqual([true, false]);
  });
});

describe('what threads lack', () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    [{ crossOriginIsolated: false }, 'a page must be cross-origin isolated: '],
    [
      { crossOriginIsolated: true, SharedArrayBuffer: undefined },
      'there is no SharedArrayBuffer here',
    ],
    [
      { WebAssembly: { ...WebAssembly, validate: () => false } },
      'WebAssembly has no shared memory here',
    ],
  ])('is said: %o', (globals, reason) => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    expect(lackOfThreads()).toContain(reason);
    expect(probe().threads).toBe(false);
  });

  it('is in the warning where threads are asked for', async () => {
    if (cores() < 2) return;
    vi.stubGlobal('crossOriginIsolated', true);
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const said: string[] = [];
    const engine = await createEngine({ threads: 2, warn: (line) => said.push(line) });
    expect([engine.threads, engine.build.endsWith('-threads')]).toEqual([1, false]);
    expect(said).toEqual([
      'residua: 2 threads asked for, 1 used: there is no SharedArrayBuffer here',
    ]);
    engine.close();
  });
});

describe('builds', () => {
  for (const build of allBuilds) {
    const reason = missing(build);
    it.skipIf(reason)(`${build} loads and computes${reason ? `: ${reason}` : ''}`, async () => {
      const engine = await engineOn(build);
      const buffer = engine.allocate(4);
      engine.write({ buffer, byteOffset: 0 }, Float32Array.of(41));
      const args = { x: { buffer, byteOffset: 0 } };
      engine.runSteps([{ kernel: 'increment.forward.f32/scalar', chunks: 1, args }]);
      expect([...engine.read({ buffer, byteOffset: 0 }, 1, 'f32')]).toEqual([42]);
      engine.close();
    });
  }
});

describe('chooseBuild', () => {
  it.each([
    [all, 'fast', 2, 128, 'relaxed-threads'],
    [all, 'fast', 1, 128, 'relaxed'],
    [all, 'strict', 2, 128, 'simd-threads'],
    [all, 'strict', 1, 128, 'simd'],
    [{ ...all, relaxed: false, fma: false }, 'fast', 2, 128, 'simd-threads'],
    [{ ...all, fma: false }, 'fast', 2, 128, 'simd-threads'],
    [{ ...all, fma: false }, 'fast', 1, 128, 'simd'],
    [{ ...all, threads: false }, 'fast', 2, 128, 'relaxed'],
    [all, 'fast', 2, 256, 'relaxed-256-threads'],
    [all, 'fast', 1, 256, 'relaxed-256'],
    [all, 'strict', 2, 256, 'simd-256-threads'],
    [all, 'strict', 1, 256, 'simd-256'],
    [{ ...all, fma: false }, 'fast', 2, 256, 'simd-256-threads'],
    [{ ...all, threads: false }, 'fast', 2, 256, 'relaxed-256'],
  ] as const)('%o, %s, %i threads, %i bits: %5$s', (features, numerics, threads, simd, build) => {
    expect(chooseBuild(features, numerics, threads, simd)).toBe(build);
  });

  it('says so where there is no SIMD', () => {
    const none = { simd: false, relaxed: false, fma: false, threads: false };
    expect(() => chooseBuild(none, 'fast', 1, 128)).toThrow('no WebAssembly SIMD');
  });
});

describe('createEngine', () => {
  it('takes the best build for the numerics', async () => {
    const { fma } = probe();
    const fast = await createEngine({ threads: 1, simd: 128 });
    const strict = await createEngine({ threads: 1, simd: 128, numerics: 'strict' });
    expect([fast.build, fast.numerics]).toEqual([fma ? 'relaxed' : 'simd', 'fast']);
    expect([strict.build, strict.numerics]).toEqual(['simd', 'strict']);
    fast.close();
    strict.close();
  });

  it.each(['fast', 'strict'] as const)(
    'takes the width that is asked for, %s',
    async (numerics) => {
      const lanes = numerics === 'fast' && probe().fma ? 'relaxed' : 'simd';
      const wide = await createEngine({ threads: 1, numerics, simd: 256 });
      const small = await createEngine({ threads: 1, numerics, simd: 128 });
      const auto = await createEngine({ threads: 1, numerics });
      expect([wide.simd, wide.build]).toEqual([256, `${lanes}-256`]);
      expect([small.simd, small.build]).toEqual([128, lanes]);
      expect(auto.simd).toBe(pairsVectors(lanes === 'relaxed') ? 256 : 128);
      for (const engine of [wide, small, auto]) engine.close();
    },
  );

  it.each([64, '256', null, 'wide'])('throws RangeError for simd %j', async (simd) => {
    const options = { threads: 1, simd } as unknown as EngineOptions;
    const given = typeof simd === 'string' ? `'${simd}'` : simd;
    const message = `init: simd is ${given} but must be 'auto', 128 or 256`;
    await expect(createEngine(options)).rejects.toThrow(RangeError);
    await expect(createEngine(options)).rejects.toThrow(message);
  });

  it('takes a WASM file that it is given for what auto would not ask about', async () => {
    const wasmUrl = new URL('../../ts/kernels/assets/simd.wasm', import.meta.url);
    const engine = await createEngine({ threads: 1, numerics: 'strict', wasmUrl });
    expect([engine.simd, engine.build]).toEqual([128, 'simd']);
    engine.close();
  });

  it.each([0, -1, 1.5, NaN])('throws RangeError for %s threads', async (threads) => {
    const message = `init: threads is ${threads} but must be a whole number of at least 1`;
    await expect(createEngine({ threads })).rejects.toThrow(RangeError);
    await expect(createEngine({ threads })).rejects.toThrow(message);
  });

  it('takes one thread per core at most, with one warning', async () => {
    const warnings: string[] = [];
    const engine = await createEngine({
      threads: 1000,
      warn: (message) => warnings.push(message),
    });
    expect(engine.threads).toBe(cores());
    expect(warnings).toEqual([`residua: 1000 threads asked for, ${cores()} used: one per core`]);
    engine.close();
  });

  it('warns of nothing by default', async () => {
    const warnings: string[] = [];
    const engine = await createEngine({ warn: (message) => warnings.push(message) });
    expect(engine.threads).toBe(Math.min(cores(), 8));
    expect(warnings).toEqual([]);
    engine.close();
  });

  it('names the file that is missing', async () => {
    const wasmUrl = new URL('file:///nowhere/simd.wasm');
    await expect(createEngine({ threads: 1, wasmUrl })).rejects.toThrow(
      'is not at file:///nowhere/simd.wasm',
    );
  });

  it('takes one thread where the worker script is missing, and says so once', async () => {
    if (cores() < 2) return;
    const said: string[] = [];
    const workerUrl = new URL('file:///nowhere/team-worker.js');
    const engine = await createEngine({ threads: 2, workerUrl, warn: (line) => said.push(line) });
    expect(engine.threads).toBe(1);
    expect(said).toEqual([expect.stringMatching(/^residua: 1 thread used, not 2: .*team-worker/)]);
    engine.close();
  });

  it('takes a worker script that is inlined as a data: URL', async () => {
    if (cores() < 2) return;
    const file = new URL('../../ts/kernels/assets/team-worker.js', import.meta.url);
    const workerUrl = `data:text/javascript;base64,${readFileSync(file, 'base64')}`;
    const said: string[] = [];
    const engine = await createEngine({ threads: 2, workerUrl, warn: (line) => said.push(line) });
    expect([engine.threads, said]).toEqual([2, []]);
    engine.close();
  });

  it('cannot be used after close', async () => {
    const engine = await createEngine({ threads: 1 });
    engine.close();
    engine.close();
    expect(engine.closed).toBe(true);
    expect(() => engine.allocate(4)).toThrow('engine: used after close()');
    const step = { kernel: 'increment.forward.f32/scalar', chunks: 1, args: { x: null } };
    expect(() => engine.runSteps([step])).toThrow('engine: used after close()');
  });
});

describe('where the runtime refuses address space', () => {
  const { Memory } = WebAssembly;
  afterEach(() => {
    WebAssembly.Memory = Memory;
  });

  /** Lets memories be made that can grow to so many pages at most. */
  function refuseBeyond(most: number): number[] {
    const asked: number[] = [];
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        asked.push(descriptor.maximum!);
        if (descriptor.maximum! > most) throw new RangeError('could not allocate memory');
        super(descriptor);
      }
    };
    return asked;
  }

  it.each([
    [32768, '2048 MiB'],
    [8192, '512 MiB'],
    [4096, '256 MiB'],
  ])('a memory of at most %i pages is taken, and said once', async (most, size) => {
    if (cores() < 2) return;
    const asked = refuseBeyond(most);
    const warnings: string[] = [];
    const options = { threads: 2, numerics: 'strict', simd: 128 } as const;
    const engine = await createEngine({ ...options, warn: (text) => warnings.push(text) });
    expect(engine.threads).toBe(2);
    expect(asked[0]).toBe(65536);
    expect(asked.at(-1)).toBe(most);
    expect(warnings).toEqual([
      'residua: the runtime reserves no 4096 MiB of address space (could not allocate memory): ' +
        `WASM memory can grow to ${size}`,
    ]);
    expect(() => engine.allocate((most + 1) * 65536)).toThrow(OutOfMemoryError);
    const buffer = engine.allocate((most * 65536) / 2);
    engine.free(buffer);
    engine.close();
  });

  it('one thread computes where there is none at all', async () => {
    if (cores() < 2) return;
    refuseBeyond(100);
    const warnings: string[] = [];
    const engine = await createEngine({
      threads: 2,
      simd: 128,
      warn: (text) => warnings.push(text),
    });
    expect([engine.threads, engine.build.endsWith('threads')]).toEqual([1, false]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('1 thread used: no 256 MiB of shared memory');
    engine.close();
  });
});
