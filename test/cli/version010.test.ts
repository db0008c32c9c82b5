import { encode } from 'fast-png';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../ts/data/node/datasets.ts';
import type { MetricsRecord } from '../../ts/train/node/metricsLog.ts';
import { readGoldenJson } from '../golden/readGolden.ts';
import { expectClose } from '../helpers/close.ts';
import { residua } from './cli.ts';

interface Expected {
  readonly run: {
    readonly evaluation: { readonly testLoss: number; readonly testAccuracy: number };
    readonly digit: number;
    readonly classes: readonly { readonly name: string; readonly probability: number }[];
    readonly step: number;
    readonly losses: readonly number[];
    readonly testLoss: number;
    readonly testAccuracy: number;
  };
}

const { run: expected } = readGoldenJson<Expected>('version010/expected.json');
const folder = mkdtempSync(join(tmpdir(), 'residua-010-'));
const run = join(folder, 'run');

beforeAll(() => {
  const kept = fileURLToPath(new URL('../golden/version010/run', import.meta.url));
  cpSync(kept, run, { recursive: true });
  const packed = join(run, 'checkpoint.safetensors.br');
  writeFileSync(join(run, 'checkpoint.safetensors'), brotliDecompressSync(readFileSync(packed)));
  rmSync(packed);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run that version 0.1.0 was stopped in', () => {
  it('is evaluated', async () => {
    const { code, stdout, stderr } = await residua('eval', run, '--json');
    expect(code, stderr).toBe(0);
    const { testLoss, testAccuracy } = JSON.parse(stdout) as Expected['run']['evaluation'];
    expectClose([testLoss], [expected.evaluation.testLoss], 1e-5, 'loss');
    expect(testAccuracy).toBe(expected.evaluation.testAccuracy);
  });

  it('predicts', async () => {
    const { images } = await loadDataset('mnist', { split: 'test', limit: expected.digit + 1 });
    const data = images.slice(784 * expected.digit);
    const picture = join(folder, 'digit.png');
    writeFileSync(picture, encode({ width: 28, height: 28, channels: 1, depth: 8, data }));
    const { code, stdout, stderr } = await residua('predict', picture, '--run', run, '--json');
    expect(code, stderr).toBe(0);
    const [{ classes }] = JSON.parse(stdout) as [Pick<Expected['run'], 'classes'>];
    const names = (of: typeof classes): string[] => of.map(({ name }) => name);
    const values = (of: typeof classes): number[] => of.map(({ probability }) => probability);
    expect(names(classes)).toEqual(names(expected.classes));
    expectClose(values(classes), values(expected.classes), 1e-5, 'probabilities');
  });

  it('is resumed elsewhere, and in its place', async () => {
    const other = join(folder, 'other');
    for (const out of [['--out', other], []]) {
      const { code, stdout, stderr } = await residua('train', '--resume', run, '--json', ...out);
      expect(code, stderr).toBe(0);
      const result = JSON.parse(stdout) as Expected['run'] & { readonly steps: number };
      expect(result.step).toBe(result.steps);
      const lines = readFileSync(join(out[1] ?? run, 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n');
      const losses = lines
        .map((line) => JSON.parse(line) as MetricsRecord)
        .filter((record) => record.kind === 'step')
        .filter(({ step }) => step > expected.step)
        .map(({ loss }) => loss);
      expectClose(losses, expected.losses, 1e-3, 'losses');
      expectClose([result.testLoss], [expected.testLoss], 1e-3, 'test loss');
    }
  });
});
