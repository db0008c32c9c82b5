import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Launch } from '../../bench/peers/compare.ts';
import type { Contender } from '../../bench/peers/contender.ts';
import { OURS } from '../../bench/peers/peers.ts';
import type { Job } from '../../bench/peers/runtimes/runtime.ts';
import { compareStarts } from '../../bench/startup/compareStarts.ts';
import { formatStarts } from '../../bench/startup/formatStarts.ts';

const script = fileURLToPath(new URL('./peers/fakePeer.mjs', import.meta.url));
const job: Job = {
  pass: 'infer',
  model: 'resnet18',
  size: 224,
  channels: 3,
  batch: 1,
  threads: 1,
  numerics: 'fast',
  files: '',
};
const fake = (name: string): Contender => ({
  peer: { name, passes: ['infer'], language: 'node' },
});
const launch: Launch = {
  command: ({ peer, simd }) => [
    ...([process.execPath, script, peer === OURS ? 'starts' : peer.name, '10'] as const),
    ...(simd === undefined ? [] : [String(simd)]),
  ],
  version: () => '1.2.3',
  width: () => undefined,
  note: () => undefined,
};

it('gives times to the first result, our phases, and reasons', async () => {
  const rows = await compareStarts(
    job,
    [{ peer: OURS, simd: 256 }, fake('good'), fake('absent')],
    2,
    launch,
  );
  const [ours, peer, absent] = rows;
  expect(ours).toMatchObject({
    workload: 'resnet18 224² b1 t1',
    peer: 'residua',
    simd: 256,
    warmRunMs: 11,
    firstRunMs: 15,
    peakBytes: 5e6,
    phases: { node: 20, compile: 30 },
  });
  expect(ours!.firstMs).toBeGreaterThanOrEqual(ours!.minMs!);
  expect(peer!.phases).toBeUndefined();
  expect(absent).toEqual({
    workload: 'resnet18 224² b1 t1',
    peer: 'absent',
    reason: 'the package is not installed',
  });
  const text = formatStarts(rows);
  expect(text).toMatch(/^resnet18 224² b1 t1, node 1\.0\.0$/m);
  expect(text).toMatch(/^residua 256 +\d+ +\d+ +\d+ +15\.0 +11\.0 +1\.36 +5$/m);
  expect(text).toContain('residua 256: node 20, compile 30, first run 15 ms');
  expect(text).toContain('absent: not measured: the package is not installed');
});
