import { expect, it } from 'vitest';
import { formatRows } from '../../../bench/peers/formatRows.ts';
import type { PeerRow } from '../../../bench/peers/row.ts';

const common: Pick<PeerRow, 'workload' | 'pass' | 'model' | 'size' | 'batch' | 'threads'> = {
  workload: 'densenet121 224² b1 t2',
  pass: 'infer',
  model: 'densenet121',
  size: 224,
  batch: 1,
  threads: 2,
};
const times = {
  medianMs: 12345.6,
  minMs: 12000,
  maxMs: 13000,
  gflops: 123.4,
  peakBytes: 2.5e9,
  cores: 1.96,
};
const rows: PeerRow[] = [
  { ...common, ...times, peer: 'residua', facts: 'build relaxed-threads, fast', firstMs: 300 },
  {
    ...common,
    ...times,
    peer: 'onnxruntime-node',
    facts: '1.30.0',
    firstMs: 12345,
    ratio: 0.94,
    minRatio: 0.9,
    maxRatio: 11.02,
    deviation: 7e-7,
    idleShare: 0.5,
  },
  { ...common, peer: 'litert', reason: `it ${'cannot be made to run '.repeat(8)}here` },
];

it('puts peers, reasons and notes under the name of the workload', () => {
  const lines = formatRows(rows).split('\n');
  expect(lines[0]).toBe('densenet121 224² b1 t2');
  expect(lines[3]).toMatch(
    /^onnxruntime-node +12346 .* 0\.94× +0\.90–11\.02 +2500 +12345 +2\.0 +7e-7$/,
  );
  expect(lines).toContain('onnxruntime-node used 50 % of a core while others were measured');
  expect(lines.some((line) => line.startsWith('litert: not measured: it cannot'))).toBe(true);
});

it('stays within 100 columns', () => {
  for (const line of formatRows(rows).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

it('names widths, releases and what the ratios are to', () => {
  const ours = { ...common, ...times, peer: 'residua', facts: '', firstMs: 300 };
  const peer = { ...ours, ratio: 1.5, minRatio: 1.4, maxRatio: 1.6, deviation: 1e-6 };
  const python = { ...peer, oursSimd: 256, python: '/a/python' } as const;
  const wide: PeerRow[] = [
    { ...ours, simd: 256, runtime: 'node 26.10.0' },
    { ...peer, peer: 'litert', simd: 128, oursSimd: 128 },
    { ...peer, peer: 'residua-old', simd: 128, version: '607a66b', checkout: true, oursSimd: 256 },
    { ...python, peer: 'pytorch', version: '1.13.1' },
    { ...python, peer: 'pytorch-compile', version: '2.15.0', best: true },
    { ...common, peer: 'pytorch-compile', python: '/b/python', reason: 'it is too old' },
  ];
  const text = formatRows(wide);
  expect(text.split('\n').map((line) => line.split('  ')[0])).toEqual([
    'densenet121 224² b1 t2, node 26.10.0',
    ...['', 'residua 256', 'litert 128', 'residua-old 607a66b 128'],
    ...['pytorch 1.13.1', 'pytorch-compile 2.15.0'],
    expect.stringMatching(/^residua 256: ; litert 128: /),
    'by ours: other runtimes on WASM by ours at their width, all others by ours at 256 bits',
    'its best: pytorch-compile 2.15.0, 12345.6 ms',
    'pytorch-compile /b/python: not measured: it is too old',
  ]);
});
