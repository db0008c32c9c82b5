import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { WasmName } from '../../ts/kernels/assets.ts';
import { Engine } from '../../ts/kernels/engine.ts';
import { probe } from '../../ts/kernels/probe.ts';
import { checkKernels, problemsOf } from '../../ts/selfCheck/checkKernels.ts';
import { prepare } from '../../ts/selfCheck/prepare.ts';
// What the extra module has is checked where a program has the ops of it: here all.
import '../../ts/functions/index.ts';
import { mutant, multiplying } from '../helpers/mutant.ts';
import { HAS_AVX2, PAIRS } from '../helpers/pairs.ts';
import { runBundled } from '../helpers/runBundled.ts';

/** Functions in which an instruction is changed. */
const TRIES = 12;

/** Kernels that no start pays for looking at, as others have the same loops. */
const UNCHECKED: readonly string[] = [
  'adaptiveAvgPool2d.backward.f32/simd',
  'avgPool2d.backward.f32/simd',
  'ceiling.fma.f32/simd',
  'conv2d.pack.f32/winograd_2x2',
  'conv2d.forward.f32/winograd_2x2',
  'conv2d.forward.f32/im2col',
  'conv2d.backward_input.f32/winograd_2x2',
  'copy.fill.f32/simd',
  'matmul.f32/panels',
  'multiply.scale.f32/simd',
  'multiply.partials.f32/simd',
  'subsamplePad.backward.f32/simd',
  'groupNorm.apply.f32/simd',
  'groupNorm.backwardPartials.f32/simd',
  'groupNorm.backwardApply.f32/simd',
  'map.forward.f32/region',
];

const { relaxed } = probe();
const build = relaxed ? 'relaxed-256' : 'simd-256';
const readAsset = (name: WasmName): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../ts/kernels/assets/${name}.wasm`, import.meta.url)));
const wasm = readAsset(build);
const extraWasm = readAsset('extra-256');
const engineOf = (bytes: Uint8Array<ArrayBuffer>, extra = extraWasm): Engine =>
  new Engine({
    ...{ build, numerics: 'fast', threads: 1 },
    module: new WebAssembly.Module(bytes),
    extra: new WebAssembly.Module(extra),
  });

describe('checkKernels', () => {
  it.each(['relaxed-256', 'simd-256', 'relaxed', 'simd'] as const)('passes %s', (name) => {
    if (name.startsWith('relaxed') && !relaxed) return;
    const module = new WebAssembly.Module(readAsset(name));
    const extra = new WebAssembly.Module(readAsset(name.endsWith('-256') ? 'extra-256' : 'extra'));
    for (const numerics of ['fast', 'strict'] as const) {
      const parts = { build: name, numerics, threads: 1, module, extra };
      expect(() => checkKernels(new Engine(parts), () => new Engine(parts))).not.toThrow();
    }
  });

  it('looks at every kernel but those beside a batch norm, of transforms for the smallest maps, and small ones', () => {
    const engine = engineOf(wasm);
    const steps = problemsOf(engine).flatMap((one) => prepare(engine, one, false).steps);
    const reached = new Set(steps.map(({ kernel }) => kernel));
    const left = [...engine.kernels.keys()].filter(
      (name) => !reached.has(name) && /\/(?!reference|scalar)/.test(name),
    );
    const beside = left.filter((name) => /_(of|to)_norm$/.test(name));
    expect(beside.length).toBe(4);
    expect(left.filter((name) => !beside.includes(name))).toEqual(UNCHECKED);
  });

  it('says which op gives a wrong value when one instruction of a kernel is wrong', () => {
    const references = engineOf(wasm);
    const said: string[] = [];
    for (const code of multiplying(wasm, relaxed).slice(0, TRIES)) {
      try {
        checkKernels(engineOf(mutant(wasm, code, relaxed)), () => references);
      } catch (error) {
        said.push(String(error));
      }
    }
    // The others are kernels that are not looked at, or instructions for sizes that are not.
    expect(said.length).toBeGreaterThanOrEqual(TRIES / 3);
    for (const line of said) {
      expect(line).toMatch(
        /^Error: self-check: \w+( by \w+)?: element \d+ is \S+ but must be \S+$/,
      );
    }
  });
});

/** The extra module with a wrong instruction in each function in which vectors are multiplied. */
const wrongExtra = (): Uint8Array<ArrayBuffer> =>
  multiplying(extraWasm, false).reduce((bytes, code) => mutant(bytes, code, false), extraWasm);

describe('checkKernels, of the extra module', () => {
  it('names the op of which an instruction is wrong', () => {
    const references = engineOf(wasm);
    expect(() => checkKernels(engineOf(wasm, wrongExtra()), () => references)).toThrow(
      /^self-check: sigmoid(Backward)?: element/,
    );
  });

  it('looks at nothing of it where the engine has not got it', () => {
    const facts = { build, numerics: 'fast', threads: 1 } as const;
    const module = new WebAssembly.Module(wasm);
    const parts = { ...facts, module, extra: 'it is not there' };
    expect(() => checkKernels(new Engine(parts), () => new Engine(parts))).not.toThrow();
  });
});

describe('an engine whose vectors V8 pairs', () => {
  const initWith = (op: 'relu' | 'sigmoid'): string => `
    import { init, Tensor, tensor, ${op} } from './ts/index.ts';
    import { enableWideSimd } from './ts/node.ts';
    const { simd } = enableWideSimd();
    const warnings: string[] = [];
    const engine = await init({ threads: 1, warn: (text) => warnings.push(text) });
    const values = ${op}(tensor([-1, 2], [1, 2])).data();
    console.log(JSON.stringify({ paired: simd, simd: engine.simd, build: engine.build, warnings, values: [...values] }));
    engine.close();
  `;

  it('is checked and used', async ({ skip }) => {
    skip(!PAIRS || !HAS_AVX2, 'this Node or processor does not pair vectors');
    const { stdout } = await runBundled('checked', initWith('relu'));
    expect(JSON.parse(stdout)).toEqual({
      paired: 256,
      simd: 256,
      build: 'relaxed-256',
      warnings: [],
      values: [0, 2],
    });
  });

  it('is so with the extra module', async ({ skip }) => {
    skip(!PAIRS || !HAS_AVX2, 'this Node or processor does not pair vectors');
    const { stdout } = await runBundled('checked-extra', initWith('sigmoid'));
    const { simd, warnings, values } = JSON.parse(stdout) as Record<string, number[]>;
    expect([simd, warnings]).toEqual([256, []]);
    expect(values).toEqual(
      [1 / (1 + Math.E), 1 / (1 + Math.exp(-2))].map((value) => expect.closeTo(value, 6) as number),
    );
  });

  it("leaves V8's flags as they were", async ({ skip }) => {
    skip(!PAIRS || !HAS_AVX2, 'this Node or processor does not pair vectors');
    const script = `
      import { cachedDataVersionTag } from 'node:v8';
      import { init } from './ts/index.ts';
      const before = cachedDataVersionTag();
      const engine = await init({ threads: 1 });
      console.log(engine.simd, cachedDataVersionTag() === before);
      engine.close();
    `;
    const { stdout } = await runBundled('flags', script, ['--experimental-wasm-revectorize']);
    expect(stdout).toBe('256 true\n');
  });

  it('gives way to 128 bits, with one warning, when a kernel is wrong', async ({ skip }) => {
    skip(!PAIRS || !HAS_AVX2, 'this Node or processor does not pair vectors');
    const wrong = multiplying(wasm, true).reduce((bytes, code) => mutant(bytes, code, true), wasm);
    const { stdout } = await runBundled('wrong', initWith('relu'), [], {
      'relaxed-256.wasm': wrong,
    });
    const { warnings, ...answer } = JSON.parse(stdout) as { warnings: string[] };
    expect(answer).toEqual({ paired: 256, simd: 128, build: 'relaxed', values: [0, 2] });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^residua: SIMD of 128 bits used, not 256: self-check: \w+( by \w+)?: element/,
      ),
    ]);
  });

  it('gives way to 128 bits when a kernel of the extra module is wrong', async ({ skip }) => {
    skip(!PAIRS || !HAS_AVX2, 'this Node or processor does not pair vectors');
    const { stdout } = await runBundled('wrong-extra', initWith('sigmoid'), [], {
      'extra-256.wasm': wrongExtra(),
    });
    const { warnings, simd } = JSON.parse(stdout) as { warnings: string[]; simd: number };
    expect(simd).toBe(128);
    expect(warnings).toEqual([
      expect.stringMatching(/SIMD of 128 bits used, not 256: self-check: sigmoid/),
    ]);
  });

  it('gives way to 128 bits where the wide build is missing', async ({ skip }) => {
    skip(!PAIRS || !HAS_AVX2, 'this Node or processor does not pair vectors');
    const { stdout } = await runBundled('missing', initWith('relu'), [], {
      'relaxed-256.wasm': undefined,
    });
    const { warnings, ...answer } = JSON.parse(stdout) as { warnings: string[] };
    expect(answer).toMatchObject({ simd: 128, values: [0, 2] });
    expect(warnings).toEqual([expect.stringContaining('the WASM build relaxed-256 is not at')]);
  });

  it('is looked at in optimised code', async ({ skip }) => {
    skip(!PAIRS, 'this Node does not pair vectors');
    // Another run of all problems, in which what is not optimised yet would be, makes V8 compile nothing.
    const [checked, again] = await Promise.all(
      [1, 3].map(async (times) => {
        const { stdout } = await runBundled(`optimised-${times}`, optimised(times), [
          '--experimental-wasm-revectorize',
          '--trace-wasm-compilation-times',
        ]);
        return new Set([...stdout.matchAll(/#(\d+) using TurboFan/g)].map(([, index]) => index));
      }),
    );
    expect(checked!.size).toBeGreaterThan(60);
    expect([...again!].filter((index) => !checked!.has(index))).toEqual([]);
  });
});

/** What checkKernels does before it compares, with some runs of all problems where it has one. */
const optimised = (times: number): string => `
  import { readFileSync } from 'node:fs';
  import { Engine } from './ts/kernels/engine.ts';
  import { compileHot, optimisingAtOnce, optimisingSoon } from './ts/kernels/optimiseAtOnce.ts';
  import { problemsOf, run } from './ts/selfCheck/checkKernels.ts';
  import { prepare } from './ts/selfCheck/prepare.ts';
  const bytes = readFileSync(new URL('./assets/relaxed-256.wasm', import.meta.url));
  const module = compileHot(new Uint8Array(bytes));
  const engine = new Engine({ build: 'relaxed-256', numerics: 'fast', threads: 1, module });
  const prepared = problemsOf(engine).map((one) => prepare(engine, one, false));
  optimisingSoon(() => run(engine, prepared));
  optimisingAtOnce(() => { for (let i = 0; i < ${times}; i++) run(engine, prepared); });
`;
