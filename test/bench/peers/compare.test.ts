import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compare, type Launch } from '../../../bench/peers/compare.ts';
import type { Contender } from '../../../bench/peers/contender.ts';
import { OLD, OURS } from '../../../bench/peers/peers.ts';
import type { PeerRow } from '../../../bench/peers/row.ts';
import type { Workload } from '../../../bench/peers/workload.ts';

const script = fileURLToPath(new URL('./fakePeer.mjs', import.meta.url));
const workload: Workload = {
  pass: 'infer',
  model: 'resnet18',
  size: 224,
  channels: 3,
  batch: 1,
  threads: 1,
  numerics: 'fast',
};
const ours: Contender = { peer: OURS, simd: 'auto' };
const fake = (name: string): Contender => ({
  peer: { name, passes: ['infer', 'train'], language: 'node' },
});
const launch: Launch = {
  command: ({ peer }) =>
    peer === OURS
      ? [process.execPath, script, 'good', '10']
      : [process.execPath, script, peer.name, '30'],
  version: () => '1.2.3',
  width: ({ simd }) => (simd === 'auto' ? 128 : simd),
  note: () => undefined,
};

const rowsOf = (names: readonly string[], change: Partial<Workload> = {}): Promise<PeerRow[]> =>
  compare(
    { ...workload, ...change },
    { files: '', flops: 22e6 },
    [ours, ...names.map(fake)],
    { rounds: 3, visitMs: 1 },
    launch,
  );

it('gives times, ratios to ours, memory and facts of peers that run', async () => {
  const [own, peer] = await rowsOf(['good']);
  expect(own).toMatchObject({ peer: 'residua', medianMs: 11, gflops: 2, rounds: [11, 11, 11] });
  expect(own!.ratio).toBeUndefined();
  expect(peer).toMatchObject({
    workload: 'resnet18 224² b1 t1',
    medianMs: 31,
    minMs: 31,
    maxMs: 31,
    peakBytes: 5e6,
    ratio: 31 / 11,
    minRatio: 31 / 11,
    deviation: 1e-6,
    facts: '1.2.3, fake',
    version: '1.2.3',
    runtime: 'node 1.0.0',
    oursSimd: 128,
  });
  expect(peer!.firstMs).toBeGreaterThan(0);
});

it('gives a row with the reason for each that does not', async () => {
  const rows = await rowsOf(['absent', 'crashes', 'wrong', 'dies', 'good']);
  expect(rows.map(({ reason }) => reason)).toEqual([
    undefined,
    'the package is not installed',
    expect.stringContaining('out of bounds'),
    'its logits differ from ours by 5.0e-1',
    'the process ended without a word',
    undefined,
  ]);
});

it('compares the losses of the first steps in training', async () => {
  const rows = await rowsOf(['diverges', 'wrong'], { pass: 'train' });
  expect(rows.map(({ reason }) => reason)).toEqual([
    undefined,
    'its first losses differ from ours by 0.0e+0, 1.0e+0, 3.0e+0',
    undefined,
  ]);
});

it('compares the first loss alone where a peer updates by a rule of its own', async () => {
  const peer: Contender = { peer: { ...fake('diverges').peer, ownOptimizer: true } };
  const job = { ...workload, pass: 'train' as const };
  const setting = { rounds: 1, visitMs: 1 };
  const [, row] = await compare(job, { files: '', flops: 1 }, [ours, peer], setting, launch);
  expect(row).toMatchObject({ peer: 'diverges', medianMs: 31, deviation: 0 });
});

it('gives a row for a program that cannot be started', async () => {
  const command: Launch['command'] = (contender, job) =>
    contender === ours ? launch.command(contender, job) : ['/nowhere/python3'];
  const [, row] = await compare(
    workload,
    { files: '', flops: 1 },
    [ours, fake('good')],
    { rounds: 1, visitMs: 1 },
    { ...launch, command },
  );
  expect(row!.reason).toMatch(/ENOENT/);
});

describe('at two widths', () => {
  const wasm = (name: string, simd: 128 | 256): Contender => ({
    peer: { ...fake(name).peer, wasm: true },
    simd,
  });
  const old: Contender = {
    peer: OLD,
    simd: 128,
    checkout: { version: 'abc1234', program: '', wide: false },
  };
  // Milliseconds by name and width.
  const command: Launch['command'] = ({ peer, simd }) => {
    const ms = { residua: { 128: 20, 256: 10 }, litert: { 128: 60, 256: 40 } }[peer.name]?.[
      simd as 128 | 256
    ];
    return [process.execPath, script, 'good', String(ms ?? 30), String(simd ?? '')];
  };

  it('holds WASM against ours at its width, native code and our own against our widest', async () => {
    const rows = await compare(
      workload,
      { files: '', flops: 1 },
      [
        ...([128, 256] as const).map((simd) => ({ peer: OURS, simd })),
        ...[old, wasm('litert', 128), wasm('litert', 256), fake('native')],
      ],
      { rounds: 2, visitMs: 1 },
      { ...launch, command },
    );
    const found = rows.map(({ peer, simd, oursSimd, ratio }) => ({ peer, simd, oursSimd, ratio }));
    expect(found).toEqual([
      { peer: 'residua', simd: 128, oursSimd: 256, ratio: 21 / 11 },
      { peer: 'residua', simd: 256, oursSimd: undefined, ratio: undefined },
      { peer: 'residua-old', simd: 128, oursSimd: 256, ratio: 31 / 11 },
      { peer: 'litert', simd: 128, oursSimd: 128, ratio: 61 / 21 },
      { peer: 'litert', simd: 256, oursSimd: 256, ratio: 41 / 11 },
      { peer: 'native', simd: undefined, oursSimd: 256, ratio: 31 / 11 },
    ]);
    expect(rows[2]).toMatchObject({ checkout: true });
  });
});
