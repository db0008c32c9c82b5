import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FormatError } from '../../ts/base/errors.ts';
import { MetricsLog, readRecords, type StepRecord } from '../../ts/train/node/metricsLog.ts';
import { RunDirectory } from '../../ts/train/node/runDirectory.ts';
import { runName } from '../../ts/train/node/runName.ts';

const fault = vi.hoisted(() => ({
  append: undefined as Error | undefined,
  free: undefined as number | undefined,
}));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const appendFile = async (path: string, text: string): Promise<void> => {
    if (!fault.append) return fs.appendFile(path, text);
    await fs.appendFile(path, text.slice(0, 5));
    throw fault.append;
  };
  const statfs = (path: string): unknown =>
    fault.free === undefined ? fs.statfs(path) : Promise.resolve({ bavail: fault.free, bsize: 1 });
  return { ...fs, appendFile, statfs };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'residua-run-'));
});
afterEach(() => {
  fault.append = undefined;
  fault.free = undefined;
  rmSync(folder, { recursive: true });
});

const step = (number: number): StepRecord => ({
  kind: 'step',
  step: number,
  epoch: 0,
  loss: 1 / number,
  accuracy: 0.5,
  learningRate: 0.1,
  milliseconds: 1,
});

describe('RunDirectory', () => {
  it('makes fresh names side by side', async () => {
    const made = await Promise.all([1, 2, 3].map(() => RunDirectory.createFresh(folder, 'a')));
    expect(made.map(({ path }) => path).sort()).toEqual(
      ['a', 'a-2', 'a-3'].map((name) => join(folder, name)),
    );
  });

  it('takes a folder that holds something else, and refuses one that holds a run', async () => {
    writeFileSync(join(folder, 'notes.txt'), '');
    const directory = await RunDirectory.create(folder);
    await directory.writeResult({ testAccuracy: 1 });
    await expect(RunDirectory.create(folder)).rejects.toThrow(
      `${folder}: holds a run already (metrics.jsonl)`,
    );
    await directory.close();
    expect(readdirSync(folder).sort()).toEqual(['metrics.jsonl', 'notes.txt', 'result.json']);
  });

  it('says when the disk has too little room', async () => {
    const directory = await RunDirectory.create(folder);
    fault.free = 3e6;
    await expect(directory.reserve(5e6)).rejects.toThrow(
      `${folder}: write: the run needs 5.0 MB but the disk has 3.0 MB left`,
    );
    await directory.reserve(2e6);
  });
});

describe('MetricsLog', () => {
  it('drops what came after the checkpoint, and a line that was cut off', async () => {
    const path = join(folder, 'metrics.jsonl');
    const log = new MetricsLog(path);
    for (const number of [1, 2, 3]) await log.add(step(number));
    await log.flush();
    appendFileSync(path, '{"kind":"st');
    const resumed = await MetricsLog.resume(path, 2);
    await resumed.add(step(9));
    await resumed.flush();
    expect((await readRecords(path)).map((record) => record.step)).toEqual([1, 2, 9]);
  });

  it('leaves whole lines when the disk is full', async () => {
    const path = join(folder, 'metrics.jsonl');
    const log = new MetricsLog(path);
    await log.add(step(1));
    await log.flush();
    const before = readFileSync(path, 'utf8');
    await log.add(step(2));
    fault.append = Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });
    await expect(log.flush()).rejects.toThrow(`${path}: write: no space left on the disk (ENOSPC)`);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('names a line that is none', async () => {
    const path = join(folder, 'metrics.jsonl');
    writeFileSync(path, '{}\nnonsense\n');
    await expect(readRecords(path)).rejects.toThrow(FormatError);
    await expect(readRecords(path)).rejects.toThrow(`${path}: line 2: is not JSON`);
  });
});

describe('runName', () => {
  it('has network, data set and local time', () => {
    const time = new Date(2026, 0, 2, 3, 4, 5);
    expect(runName('resnet20', 'mnist', time)).toBe('resnet20-mnist-20260102-030405');
  });
});
