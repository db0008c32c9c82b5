import { describe, expect, it } from 'vitest';
import { decidePairing, REVECTORIZE_FLAG } from '../../ts/kernels/pairsVectors.ts';
import { pairingTile } from '../../ts/kernels/pairingTile.ts';
import { probe } from '../../ts/kernels/probe.ts';
import { PAIRS } from '../helpers/pairs.ts';
import { runBundled } from '../helpers/runBundled.ts';

/** Rates of the two tiles round by round, the last for ever; the wide one is asked first. */
function rates(...rounds: [wide: number, small: number][]): (wide: 0 | 1) => number {
  let calls = 0;
  return (wide) => {
    const round = Math.floor(calls++ / 2);
    return rounds[Math.min(round, rounds.length - 1)]![1 - wide]!;
  };
}

/** A clock that moves a millisecond with each look. */
function ticking(): () => number {
  let now = 0;
  return () => now++;
}

describe('what rates say of an engine', () => {
  it.each<[string, [number, number][], boolean, boolean]>([
    ['paired', [[124, 63]], true, true],
    ['not paired', [[45, 63]], true, false],
    ['products and sums, paired', [[70, 36]], true, true],
    ['products and sums, not paired', [[45, 36]], true, false],
    ['baseline code, then paired', [...same(9, [13, 12]), [124, 63]], false, true],
    ['baseline code, then not paired', [...same(9, [18, 18]), [45, 63]], false, false],
    [
      'optimised within the wide tile of a round',
      [
        [12, 12],
        [14, 60],
        [124, 63],
      ],
      false,
      true,
    ],
    [
      'optimised at once, not paired',
      [
        [1, 60],
        [45, 63],
      ],
      false,
      false,
    ],
    [
      'a wide tile that is twice interrupted',
      [
        [2, 63],
        [3, 63],
        [124, 63],
      ],
      true,
      true,
    ],
    [
      'small tiles that are twice interrupted',
      [
        [45, 3],
        [45, 5],
        [45, 63],
      ],
      true,
      false,
    ],
    [
      'paired, on a busy machine whose rates were these four times',
      [
        [47, 68],
        [73, 64],
        [10, 81],
        [120, 65],
        [121, 65],
        [151, 80],
      ],
      true,
      true,
    ],
    ['a tier below the last, as in JavaScriptCore', [...same(7, [35, 24]), [44, 48]], false, false],
    ['baseline code for ever', [[13, 12]], false, false],
    ['a clock that stands still', [[0, 0]], false, false],
  ])('%s', (_, rounds, optimised, answer) => {
    expect(decidePairing(rates(...rounds), optimised, ticking())).toBe(answer);
  });

  it('takes no more rounds than it says', () => {
    let calls = 0;
    const rate = (): number => (calls++, 10);
    expect(decidePairing(rate, false, ticking())).toBe(false);
    expect(calls).toBeLessThanOrEqual(48);
  });

  it('stops where the machine has no time', () => {
    let [calls, now] = [0, 0];
    const rate = (): number => ((now += 100), calls++, 10);
    expect(decidePairing(rate, false, () => now)).toBe(false);
    expect(calls).toBeLessThanOrEqual(4);
  });
});

function same(times: number, round: [number, number]): [number, number][] {
  return Array.from({ length: times }, () => round);
}

describe('the module that is timed', () => {
  it('is valid, with fused multiply-add where there is relaxed SIMD', () => {
    expect(WebAssembly.validate(pairingTile(false))).toBe(true);
    expect(WebAssembly.validate(pairingTile(true))).toBe(probe().relaxed);
  });

  it.each([false, true])('multiplies, fused: %s', (fused) => {
    if (fused && !probe().relaxed) return;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(pairingTile(fused)));
    const tile = exports['t'] as (wide: number, times: number) => void;
    expect(() => [tile(0, 3), tile(1, 3)]).not.toThrow();
  });
});

/** With V8's flag off nothing is timed. */
const ON = PAIRS ? [REVECTORIZE_FLAG] : [];

describe('a process that was not told to pair vectors', () => {
  it('does not, and nothing is timed where V8 has a flag for it, which stays off', async () => {
    const script = `
      import { cachedDataVersionTag } from 'node:v8';
      const before = cachedDataVersionTag();
      ${COUNTED}
      console.log(pairsVectors(false), modules > 1, cachedDataVersionTag() === before);
    `;
    const { stdout, stderr } = await runBundled('not-told', script);
    expect(stdout).toBe(`false ${!PAIRS} true\n`);
    expect(stderr).toBe('');
  });
});

describe('a process that was asked', () => {
  it('was asked in optimised code and compiles other modules as before', async () => {
    // V8 prints with which compiler it made each function.
    const flags = ['--trace-wasm-compilation-times', ...ON];
    const { stdout } = await runBundled('asked', ASKED, flags);
    const compilers = [...stdout.matchAll(/^asked|using (\w+)/gm)].map(
      ([all, name]) => name ?? all,
    );
    const asked = compilers.indexOf('asked');
    expect(compilers.slice(0, asked)).toEqual(['Liftoff', 'TurboFan']);
    // What is called may be optimised afterwards.
    expect(compilers[asked + 1]).toBe('Liftoff');
  });

  it('is not asked again', async () => {
    const { stdout } = await runBundled('asked-twice', `${ASKED}\n${ASKED_AGAIN}`, ON);
    expect(stdout).toBe('asked\nasked again, 0 modules\n');
  });
});

const COUNTED = `
  import { pairsVectors } from './ts/kernels/pairsVectors.ts';
  let modules = 0;
  const { Module } = WebAssembly;
  WebAssembly.Module = new Proxy(Module, { construct: (made, args) => (modules++, new made(...args)) });
`;
const ASKED = `
  import { pairsVectors } from './ts/kernels/pairsVectors.ts';
  pairsVectors(false);
  console.log('asked');
  // A function without instructions.
  const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 4, 1, 2, 0, 11];
  (new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports.f as () => void)();
`;
const ASKED_AGAIN = `
  ${COUNTED.replace(/.*import .*\n/, '')}
  pairsVectors(false);
  console.log(\`asked again, \${modules} modules\`);
`;
