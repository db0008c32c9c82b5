import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { compare, type Launch } from '../../../bench/peers/compare.ts';
import { OURS, type Peer } from '../../../bench/peers/peers.ts';
import type { PeerRow } from '../../../bench/peers/row.ts';
import type { Workload } from '../../../bench/peers/workload.ts';

const script = fileURLToPath(new URL('./fakePeer.mjs', import.meta.url));
const workload: Workload = {
  ...{ pass: 'infer', model: 'resnet18', size: 224, channels: 3 },
  ...{ batch: 1, threads: 1, numerics: 'fast' },
};
const fake = (name: string): Peer => ({ name, passes: ['infer', 'train'], language: 'node' });
const launch: Launch = {
  command: (peer) =>
    peer === OURS
      ? [process.execPath, script, 'good', '10']
      : [process.execPath, script, peer.name, '30'],
  version: () => '1.2.3',
  note: () => undefined,
};

const rowsOf = (names: readonly string[], change: Partial<Workload> = {}): Promise<PeerRow[]> =>
  compare(
    { ...workload, ...change },
    { files: '', flops: 22e6 },
    names.map(fake),
    { rounds: 3, visitMs: 1 },
    launch,
  );

it('gives times, ratios to ours, memory and facts of peers that run', async () => {
  const [ours, peer] = await rowsOf(['good']);
  expect(ours).toMatchObject({ peer: 'residua', medianMs: 11, gflops: 2, rounds: [11, 11, 11] });
  expect(ours!.ratio).toBeUndefined();
  expect(peer).toMatchObject({
    ...{ workload: 'resnet18 224² b1 t1', medianMs: 31, minMs: 31, maxMs: 31, peakBytes: 5e6 },
    ...{ ratio: 31 / 11, minRatio: 31 / 11, deviation: 1e-6, facts: '1.2.3, fake' },
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
  const peer = { ...fake('diverges'), ownOptimizer: true };
  const job = { ...workload, pass: 'train' as const };
  const setting = { rounds: 1, visitMs: 1 };
  const [, row] = await compare(job, { files: '', flops: 1 }, [peer], setting, launch);
  expect(row).toMatchObject({ peer: 'diverges', medianMs: 31, deviation: 0 });
});

it('gives a row for a program that cannot be started', async () => {
  const command: Launch['command'] = (peer, job) =>
    peer === OURS ? launch.command(peer, job) : ['/nowhere/python3'];
  const [, row] = await compare(
    workload,
    { files: '', flops: 1 },
    [fake('good')],
    { rounds: 1, visitMs: 1 },
    { ...launch, command },
  );
  expect(row!.reason).toMatch(/ENOENT/);
});
