import { describe, expect, it } from 'vitest';
import { HAS_AVX2, PAIRS } from '../helpers/pairs.ts';
import { runBundled } from '../helpers/runBundled.ts';

/** What a process prints in which `enableWideSimd` is called, as JSON. */
async function said(name: string, script: string, flags: string[] = []): Promise<Answer> {
  const { stdout } = await runBundled(`enable-${name}`, `${IMPORTS}${script}`, flags);
  return JSON.parse(stdout);
}

interface Answer {
  readonly simd: number;
  readonly reason?: string;
  readonly engine?: number;
  readonly error?: string;
}

const IMPORTS = `
  import { init } from './ts/index.ts';
  import { enableWideSimd } from './ts/node.ts';
  const say = (answer: object) => console.log(JSON.stringify(answer));
`;
describe('enableWideSimd', () => {
  it('says which width init takes from now on, and why it is 128', async () => {
    const script = `
      const answer = enableWideSimd();
      const engine = await init({ threads: 1 });
      say({ ...answer, engine: engine.simd });
      engine.close();
    `;
    const { simd, engine, reason } = await said('first', script);
    expect(engine).toBe(simd);
    if (simd === 128) expect(reason).toContain('--experimental-wasm-revectorize');
    else expect(reason).toBeUndefined();
    if (!PAIRS) expect(simd).toBe(128);
    else if (HAS_AVX2) expect(simd).toBe(256);
  });

  it('can be called twice', async () => {
    const answer = await said('twice', `enableWideSimd(); say(enableWideSimd());`);
    expect(answer).toEqual(await said('once', `say(enableWideSimd());`));
  });

  it('refuses to come after a build was loaded', async () => {
    const script = `
      const engine = await init({ threads: 1, simd: 128 });
      try { enableWideSimd(); } catch (error) { say({ error: String(error) }); }
      engine.close();
    `;
    const { error } = await said('late', script);
    expect(error).toBe(
      'Error: enableWideSimd: a WASM build was loaded already: call it before init()',
    );
  });

  it('takes the flag back where it brings nothing', async () => {
    const script = `
      import { cachedDataVersionTag, setFlagsFromString } from 'node:v8';
      const { simd } = enableWideSimd();
      const before = cachedDataVersionTag();
      setFlagsFromString('--no-experimental-wasm-revectorize');
      say({ simd, engine: cachedDataVersionTag() === before ? 128 : 256 });
    `;
    const { simd, engine } = await said('back', script);
    expect(engine).toBe(simd);
  });

  it('knows that the flag was given at the start', async ({ skip }) => {
    skip(!PAIRS, 'this Node does not pair vectors');
    const script = `
      const engine = await init({ threads: 1 });
      try { say({ ...enableWideSimd(), engine: engine.simd }); }
      catch (error) { say({ error: String(error), engine: engine.simd }); }
      engine.close();
    `;
    const answer = await said('given', script, ['--experimental-wasm-revectorize']);
    if (answer.engine === 256) expect(answer).toEqual({ simd: 256, engine: 256 });
    else expect(answer.error).toContain('loaded already');
  });
});
