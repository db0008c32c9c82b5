import { expect, it } from 'vitest';
import { contendersOf, type Contender } from '../../../bench/peers/contender.ts';
import { markBest } from '../../../bench/peers/markBest.ts';
import { findPeers } from '../../../bench/peers/peers.ts';
import type { PeerRow } from '../../../bench/peers/row.ts';

const described = (contenders: readonly Contender[]): string[] =>
  contenders.map(({ peer, simd, python, checkout }) =>
    [peer.name, checkout?.version, python, simd].filter((fact) => fact !== undefined).join(' '),
  );

const none = { peers: [], pythons: [], checkouts: [], noise: false };

it('is ourselves and WASM peers at each width, native code once, Python once an interpreter', () => {
  const peers = findPeers('litert,onnxruntime-node,pytorch,pytorch-compile', 'infer');
  const pythons = ['/old/python', '/new/python'];
  const found = contendersOf({ ...none, peers, pythons, simds: [128, 256] });
  expect(described(found)).toEqual([
    ...['residua 128', 'residua 256', 'litert 128', 'litert 256', 'onnxruntime-node'],
    ...['pytorch /old/python', 'pytorch /new/python'],
    ...['pytorch-compile /old/python', 'pytorch-compile /new/python'],
  ]);
});

it('is ourselves a second time, at the widest, to show the noise', () => {
  expect(described(contendersOf({ ...none, simds: [128, 256], noise: true }))).toEqual([
    ...['residua 128', 'residua 256', 'residua-again 256'],
  ]);
});

it('runs a checkout without wide builds at 128 bits, whatever is asked for', () => {
  const [narrow, wide] = [false, true].map((value) => ({
    version: value ? 'new' : 'old',
    program: '',
    wide: value,
  }));
  const of = (simds: (128 | 256 | 'auto')[]): string[] =>
    described(contendersOf({ ...none, simds, checkouts: [narrow!, wide!] })).slice(simds.length);
  expect(of([128, 256])).toEqual([
    'residua-old old 128',
    'residua-old new 128',
    'residua-old new 256',
  ]);
  expect(of(['auto'])).toEqual(['residua-old old 128', 'residua-old new auto']);
});

it('marks the fastest of several rows of PyTorch, and none where there is one', () => {
  const row = (peer: string, medianMs?: number): PeerRow => ({
    workload: '',
    pass: 'infer',
    model: '',
    size: 1,
    batch: 1,
    threads: 1,
    peer,
    ...(medianMs !== undefined && { medianMs }),
  });
  const rows = [row('residua', 1), row('pytorch', 5), row('pytorch-compile', 4), row('pytorch')];
  expect(markBest(rows).map(({ best }) => best)).toEqual([undefined, undefined, true, undefined]);
  expect(markBest(rows.slice(0, 2))).toEqual(rows.slice(0, 2));
});
