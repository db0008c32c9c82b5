import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { ExperimentResult } from '../../ts/experiments/result.ts';
import type { VariantRun } from '../../ts/experiments/variantRun.ts';
import { residua, start } from '../cli/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'residua-experiment-'));
const at = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs an experiment at its small budget and checks what every one of them writes. */
async function small(name: string): Promise<ExperimentResult> {
  const { code, stdout, stderr } = await residua('experiment', name, '--out', at(name), '--json');
  expect(code, stderr).toBe(0);
  for (const line of stderr.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(readdirSync(at(name)).sort()).toEqual(['figure.svg', 'report.html', 'result.json']);
  const result = JSON.parse(readFileSync(at(name, 'result.json'), 'utf8')) as ExperimentResult;
  expect(JSON.parse(stdout)).toEqual({ directory: at(name), ...result });
  expect(result.findings.map(({ seed }) => seed)).toEqual(result.settings.seeds);
  expect(result.shown).toBe(result.findings.every(({ shown }) => shown));

  const figure = readFileSync(at(name, 'figure.svg'), 'utf8');
  expect(figure).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>\n$/);
  expect(figure).not.toMatch(/NaN|undefined/);
  const report = readFileSync(at(name, 'report.html'), 'utf8');
  expect(report).toContain(figure);
  expect(report).not.toMatch(/(src|href)="/);
  return result;
}

/** Runs of one seed by the names of their networks. */
function bySeed({ runs, settings }: ExperimentResult): Map<string, VariantRun>[] {
  return settings.seeds.map(
    (seed) => new Map(runs.filter((run) => run.seed === seed).map((run) => [run.variant, run])),
  );
}

describe('vanishing-gradient', () => {
  it('finds on every seed that the gradient of plain nets drifts with depth, and much less with shortcuts', async () => {
    const result = await small('vanishing-gradient');
    expect(result.says).toBe('The effect showed on every seed (1, 2).');
    for (const runs of bySeed(result)) {
      const growth = (name: string): number => {
        const { blocks } = runs.get(name)!.gradients!.before;
        expect(blocks).toHaveLength(name.includes('56') ? 28 : 10);
        return blocks[0]! / blocks.at(-1)!;
      };
      // Batch norm makes a plain net's gradient explode from block to block (Yang et al. 2019, arXiv:1902.08129).
      expect(growth('plain-56')).toBeGreaterThan(1000);
      expect(growth('plain-56')).toBeGreaterThan(50 * growth('plain-20'));
      expect(growth('ResNet-56')).toBeLessThan(growth('plain-56') / 50);
      expect(growth('plain-56, no norm')).toBeLessThan(0.5);
      expect(growth('plain-56, no norm')).toBeLessThan(growth('ResNet-56, no norm') / 2);
      expect(growth('ResNet-56, no norm, unscaled')).toBeGreaterThan(1000);
      const { before, after } = runs.get('plain-20')!.gradients!;
      expect(before.weights).toHaveLength(20);
      expect(after!.blocks).not.toEqual(before.blocks);
    }
  }, 300_000);
});

describe('degradation', () => {
  it('finds the deeper plain net far worse on its training images, the residual one not', async () => {
    const result = await small('degradation');
    for (const runs of bySeed(result)) {
      const error = (name: string): number => runs.get(name)!.epochs.at(-1)!.error;
      const gap = error('plain-56') - error('plain-20');
      expect(gap).toBeGreaterThan(0.2);
      expect(error('ResNet-56') - error('ResNet-20')).toBeLessThan(gap / 2);
      expect(error('ResNet-56')).toBeLessThan(error('plain-56') - 0.2);
    }
    if (!result.shown) expect(result.says).toContain('The budget "real" shows it: --budget real');
  }, 300_000);
});

describe('vgg13-skip', () => {
  it('finds that the nets with a skip do without the two convolutions and the plain net does not', async () => {
    const result = await small('vgg13-skip');
    for (const runs of bySeed(result)) {
      const cost = (name: string): number => {
        const { test, dropped } = runs.get(name)!;
        return test!.accuracy - dropped!.accuracy;
      };
      expect(cost('plain')).toBeGreaterThan(2 * cost('skip'));
      expect(cost('plain')).toBeGreaterThan(2 * cost('gated skip'));
      const [gates] = Object.values(runs.get('gated skip')!.gates!);
      expect(gates!.skip).not.toBe(1);
      expect(gates!.transform).not.toBe(1);
      expect(runs.get('without the two')!.dropped).toBeUndefined();
    }
  }, 300_000);
});

describe('residua experiment', () => {
  const out = (name: string): string[] => ['--out', at(name)];
  it.each([
    [
      ['degradatoin', ...out('x')],
      1,
      /unknown experiment "degradatoin": did you mean "degradation"\?/,
    ],
    [
      ['degradation', '--bugdet', 'small'],
      2,
      /unknown option '--bugdet' \(Did you mean --budget\?\)/,
    ],
    [['degradation', '--budget', 'huge'], 2, /Allowed choices are small, real/],
    [['degradation', '--seeds', '1,1', ...out('x')], 2, /different whole numbers/],
    [['degradation', '--seeds', '1', '--seed', '2'], 2, /cannot be used with/],
    [['degradation', '--data', 'mnits', ...out('x')], 1, /did you mean "mnist"\?/],
    [['degradation', ...out('degradation')], 1, /holds the result of an experiment already/],
  ] as const)('refuses %j in one line', async (args, code, words) => {
    const outcome = await residua('experiment', ...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(outcome.stderr).toMatch(words);
    expect(existsSync(at('x'))).toBe(false);
  });

  it('leaves no half-written files when it is stopped', async () => {
    const { child, ended } = start(['experiment', 'degradation', '--out', at('stopped')]);
    let said = '';
    child.stderr!.on('data', (text: string) => (said += text));
    while (!said.includes('at the budget')) await sleep(50);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('nothing is written');
    expect(readdirSync(at('stopped'))).toEqual([]);
  });
});
