import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeBinary24, nodeBinary26 } from '../../scripts/runtimes.mjs';
import { HAS_AVX2 } from '../helpers/pairs.ts';
import { quick, residua, start, type Outcome } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'residua-width-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SWITCHED = /^residua: Node \d+: SIMD of 256 bits switched on/m;
const network = ['--model', 'resnet8', '--size', '28', '--rounds', '1', '--threads', '1', '--json'];
const bench = (...flags: string[]): Promise<Outcome> =>
  residua('bench', 'infer', ...network, ...flags);

interface Result {
  readonly simd: number;
  readonly build: string;
  readonly testLoss: number;
}
const result = (name: string): Result =>
  JSON.parse(readFileSync(join(folder, name, 'result.json'), 'utf8'));

/** The losses of a run, step by step. */
function losses(name: string): number[] {
  const lines = readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line).loss as number);
}

function train(name: string, ...flags: string[]): Promise<Outcome> {
  return residua('train', ...quick, '--threads', '1', '--out', join(folder, name), ...flags);
}

describe('--simd', () => {
  it.each([
    ['128', 128],
    ['256', 256],
  ])('%s is the width of every row', async (text, simd) => {
    const { code, stdout } = await bench('--simd', text);
    expect(code).toBe(0);
    for (const row of JSON.parse(stdout)) {
      expect(row.simd).toBe(simd);
      expect(row.build.includes('-256')).toBe(simd === 256);
    }
  });

  it('says what it takes', async () => {
    const { code, stderr } = await bench('--simd', '512');
    expect(code).not.toBe(0);
    expect(stderr).toBe(
      "residua: option '--simd <bits>' argument '512' is invalid. Allowed choices are auto, 128, 256.\n",
    );
  });

  it('is in the help of every command that computes', async () => {
    for (const command of ['train', 'eval', 'predict', 'inspect', 'bench', 'run', 'experiment']) {
      expect((await residua(command, '--help')).stdout, command).toContain('--simd <bits>');
    }
  });

  it('changes no bit of a training, of its test and of a run that goes on', async () => {
    await train('narrow', '--simd', '128', '--epochs', '2');
    await train('wide', '--simd', '256', '--epochs', '2');
    expect([result('narrow').simd, result('wide').simd]).toEqual([128, 256]);
    expect(result('wide').build).toMatch(/^(relaxed|simd)-256$/);
    expect(losses('wide')).toEqual(losses('narrow'));
    expect(result('wide').testLoss).toBe(result('narrow').testLoss);

    const began = await train('resumed', '--simd', '128');
    expect(began.stderr).toMatch(/build (relaxed|simd), 128 bits, 1 thread/);
    // Runs of older versions say nothing of the width.
    const config = join(folder, 'resumed/config.json');
    const { simd, ...older } = JSON.parse(readFileSync(config, 'utf8'));
    expect(simd).toBe(128);
    writeFileSync(config, JSON.stringify(older));
    const path = join(folder, 'resumed');
    const went = await residua('train', '--resume', path, '--epochs', '2', '--simd', '256');
    expect(went.code).toBe(0);
    expect(JSON.parse(readFileSync(config, 'utf8')).simd).toBe(256);
    expect(result('resumed').simd).toBe(256);
    expect(losses('resumed').length).toBe(losses('narrow').length);

    const evaluated = await residua('eval', path, '--simd', '256', '--json');
    expect(JSON.parse(evaluated.stdout)).toMatchObject({
      simd: 256,
      testLoss: result('resumed').testLoss,
    });
    const report = readFileSync(join(path, 'report.html'), 'utf8');
    expect(/WASM build<\/th><td>([^<]*)/.exec(report)![1]).toMatch(/, 256 bits, fast numerics$/);
  });
});

describe.each([
  [24, nodeBinary24()],
  [26, nodeBinary26()],
] as const)('Node %i, whose engine can pair vectors,', (major, node) => {
  const inNode = (...flags: string[]): Promise<Outcome> =>
    start(['bench', 'infer', ...network, ...flags], { node }).ended;

  it('is asked, told once that they are, and used', async ({ skip }) => {
    skip(
      !node || !HAS_AVX2,
      `no Node ${major} here, or a processor without operations on 256 bits`,
    );
    const { stdout, stderr } = await inNode();
    expect(stderr.match(new RegExp(SWITCHED, 'gm'))).toHaveLength(1);
    expect(stderr).toContain('(--experimental-wasm-revectorize)');
    expect(JSON.parse(stdout)[0]).toMatchObject({ simd: 256 });
  });

  it('is left alone by --simd 128', async ({ skip }) => {
    skip(!node, `no Node ${major} here`);
    const { stdout, stderr } = await inNode('--simd', '128');
    expect(stderr).not.toMatch(SWITCHED);
    expect(JSON.parse(stdout)[0]).toMatchObject({ simd: 128 });
  });
});
