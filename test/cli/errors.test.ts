import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idxFile, randomBytes } from '../data/generated.ts';
import { quick, residua, start } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'residua-errors-'));
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(() => {
  writeFileSync(at('file'), 'not a directory');
  writeFileSync(at('short.safetensors'), Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0x7b]));
  mkdirSync(at('empty'));
  mkdirSync(at('labels'));
  for (const [prefix, count] of [
    ['train', 4],
    ['t10k', 2],
  ] as const) {
    const pixels = randomBytes(count * 784);
    writeFileSync(at('labels', `${prefix}-images-idx3-ubyte`), idxFile([count, 28, 28], pixels));
    const labels = Uint8Array.from({ length: count }, (_, index) => 9 + index);
    writeFileSync(at('labels', `${prefix}-labels-idx1-ubyte`), idxFile([count], labels));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Arguments, exit code, and what the one line on stderr says. */
const cases: readonly [string, () => string[], number, RegExp][] = [
  [
    'an unknown model',
    () => ['train', '--model', 'resnet21'],
    1,
    /unknown model "resnet21": did you mean "resnet20"\?/,
  ],
  [
    'an unknown data set',
    () => ['train', '--data', 'mnits'],
    1,
    /unknown data set "mnits": did you mean "mnist"\?/,
  ],
  [
    'a mistyped option',
    () => ['train', '--epoch', '2'],
    2,
    /unknown option '--epoch' \(Did you mean --epochs\?\)/,
  ],
  ['a mistyped command', () => ['trian'], 2, /unknown command 'trian' \(Did you mean train\?\)/],
  [
    'batch 0',
    () => ['train', '--batch', '0'],
    2,
    /'--batch <n>' argument '0' is invalid\. It must be a whole number/,
  ],
  ['threads 0', () => ['train', '--threads', '0'], 2, /'--threads <n>' argument '0' is invalid/],
  [
    'a learning rate below 0',
    () => ['train', '--lr', '-1'],
    2,
    /'--lr <x>' argument '-1' is invalid/,
  ],
  [
    'an unknown schedule',
    () => ['train', '--schedule', 'linear'],
    2,
    /Allowed choices are one-cycle, cosine, step/,
  ],
  [
    'a path below a file',
    () => ['train', ...quick, '--out', at('file', 'a')],
    1,
    /file.*: a part of the path is not/,
  ],
  [
    'a file as the directory',
    () => ['train', ...quick, '--out', at('file')],
    1,
    /file: create: something is there/,
  ],
  [
    'more memory than there is',
    () => [
      'train',
      '--model',
      'resnet110',
      '--batch',
      '20000',
      '--limit',
      '20000',
      '--out',
      at('big'),
    ],
    1,
    /plan: needs \d+ bytes .*: try a smaller batch/,
  ],
  [
    'a memory budget without a size',
    () => ['train', '--memory-budget', '200 apples'],
    2,
    /'--memory-budget <size>' argument '200 apples' is invalid\. It must be a size/,
  ],
  [
    'a memory budget that no plan meets',
    () => ['bench', 'train', '--model', 'resnet8', '--batch', '64', '--memory-budget', '1MB'],
    1,
    /compile: memoryBudget is 1000000 bytes but the least .* is \d+ bytes/,
  ],
  [
    'a label out of range',
    () => ['train', '--data-dir', at('labels'), '--out', at('none')],
    1,
    /train-labels-idx1-ubyte: label 1: is 10 but there are 10 classes/,
  ],
  [
    'a missing data folder',
    () => ['train', '--data-dir', at('nowhere')],
    1,
    /neither train-images-idx3-ubyte nor/,
  ],
  [
    'a missing checkpoint',
    () => ['eval', at('nowhere')],
    1,
    /nowhere: read: no such file or directory/,
  ],
  [
    'a checkpoint below a file',
    () => ['eval', at('file', 'a')],
    1,
    /file.a: read: a part of the path is not a directory \(ENOTDIR\)/,
  ],
  [
    'a checkpoint of a name that no file has',
    () => ['eval', 'x'.repeat(5000)],
    1,
    /: read: the name is too long \(ENAMETOOLONG\)/,
  ],
  [
    'a directory without a run',
    () => ['eval', at('empty')],
    1,
    /empty: read: holds no checkpoint\.safetensors/,
  ],
  [
    'a truncated checkpoint',
    () => ['eval', at('short.safetensors')],
    1,
    /short\.safetensors: header: length says 9/,
  ],
  [
    'resuming what is no checkpoint',
    () => ['train', '--resume', at('short.safetensors')],
    1,
    /header: length says 9/,
  ],
  ['a picture that is none', () => ['predict', at('file')], 1, /file: png: /],
  [
    'a missing picture',
    () => ['predict', at('a.png')],
    1,
    /a\.png: read: no such file or directory/,
  ],
  [
    'an input of three sizes',
    () => ['inspect', '--input', '1,28,28'],
    2,
    /It must be four sizes N,H,W,C/,
  ],
  [
    'images that are too small to read',
    () => ['inspect', '--model', 'resnet'],
    1,
    /unknown model "resnet": did you/,
  ],
];

describe('bad input is one clear line', () => {
  it.concurrent.each(cases)('%s', async (_, args, code, message) => {
    const before = readdirSync(folder);
    const outcome = await start(args(), { cwd: folder }).ended;
    const lines = outcome.stderr.trimEnd().split('\n');
    const last = lines.filter((line) => !/relaxed SIMD switched on/.test(line));
    expect(last).toHaveLength(1);
    expect(last[0]).toMatch(/^residua: /);
    expect(last[0]).toMatch(message);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toBe('');
    expect(readdirSync(folder)).toEqual(before);
  });

  it('shows a stack when asked to', async () => {
    const { stderr } = await start(['eval', at('nowhere')], { env: { RESIDUA_DEBUG: '1' } }).ended;
    expect(stderr).toMatch(/\n {4}at /);
  });

  it('clamps threads with a word', async () => {
    const { code, stderr } = await residua('inspect', '--model', 'resnet8', '--threads', '64');
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/64 threads asked for, \d+ used: one per core/),
    ]);
  });
});
