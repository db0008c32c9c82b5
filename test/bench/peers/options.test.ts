import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { parseOptions } from '../../../bench/peers/options.ts';
import { PEERS } from '../../../bench/peers/peers.ts';

it('takes one workload for each number of threads', () => {
  const { workloads, peers, json } = parseOptions(
    'infer --model ResNet-18 --threads 1,2 --vs pytorch,onnxruntime-web --json'.split(' '),
  );
  const common = { pass: 'infer', model: 'resnet18', size: 224, channels: 3, batch: 1 };
  expect(workloads).toEqual([
    { ...common, threads: 1, numerics: 'fast' },
    { ...common, threads: 2, numerics: 'fast' },
  ]);
  expect(peers.map(({ name }) => name)).toEqual(['pytorch', 'onnxruntime-web']);
  expect(json).toBe(true);
});

it('takes the whole table and every able peer when nothing is named', () => {
  const { workloads, peers } = parseOptions(['train', '--numerics', 'strict']);
  expect(workloads.map(({ model, size, batch }) => `${model} ${size} ${batch}`)).toEqual([
    'resnet20 32 32',
    'resnet20 32 128',
    'densenet40 32 32',
    'resnet18 64 32',
    'resnet50 224 8',
    'densenet121 224 4',
  ]);
  expect(workloads.every(({ numerics }) => numerics === 'strict')).toBe(true);
  const able = PEERS.filter(({ passes }) => passes.includes('train'));
  expect(peers).toEqual(able.filter(({ onlyNamed }) => !onlyNamed));
  expect(peers.map(({ name }) => name)).not.toContain('jax-js');
  expect(peers.map(({ name }) => name)).toContain('pytorch');
  expect(parseOptions(['train', '--vs', 'jax-js']).peers).toHaveLength(1);
});

it('runs at the width that the engine finds, or at each that is named', () => {
  expect(parseOptions(['infer']).simds).toEqual(['auto']);
  expect(parseOptions('infer --simd 128,256'.split(' ')).simds).toEqual([128, 256]);
});

it('takes interpreters, and ourselves twice', () => {
  const { pythons, noise, peers } = parseOptions(
    `infer --python ${process.execPath} --python python3 --noise --vs none`.split(' '),
  );
  expect(pythons).toEqual([process.execPath, 'python3']);
  expect(noise).toBe(true);
  expect(peers).toEqual([]);
  expect(parseOptions(['infer'])).toMatchObject({ pythons: [], noise: false, checkouts: [] });
});

it('takes other checkouts, with or without builds for 256 bits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'residua-old-'));
  const old = `infer --old ${folder}`.split(' ');
  expect(() => parseOptions(old)).toThrow('but that folder has no bench/peers/peer.ts');
  mkdirSync(join(folder, 'bench/peers'), { recursive: true });
  writeFileSync(join(folder, 'bench/peers/peer.ts'), '');
  expect(() => parseOptions(old)).toThrow('that is not built: run `npm run build` there');
  mkdirSync(join(folder, 'ts/kernels/assets'), { recursive: true });
  writeFileSync(join(folder, 'ts/kernels/assets/simd.wasm'), '');
  const [narrow] = parseOptions(old).checkouts;
  expect(narrow).toEqual({ folder, version: basename(folder), wide: false });
  writeFileSync(join(folder, 'ts/kernels/assets/simd-256.wasm'), '');
  expect(parseOptions(old).checkouts).toMatchObject([{ wide: true }]);
  rmSync(folder, { recursive: true });
});

it('takes a part of the table', () => {
  const { workloads, save } = parseOptions(
    'infer --only vgg13_bn,resnet18 --save a.json'.split(' '),
  );
  expect(workloads.map(({ model, batch }) => `${model} ${batch}`)).toEqual([
    'resnet18 1',
    'vgg13_bn 1',
    'resnet18 8',
  ]);
  expect(save).toBe('a.json');
});

it.each([
  ['predict', /the pass is "predict" but must be infer or train/],
  ['infer --vs keras', /there is no peer "keras": take .*pytorch/],
  ['train --vs onnxruntime-node', /onnxruntime-node does not train here: take .*pytorch/],
  ['train --model unet_resnet18', /unet_resnet18 is not trained here: its outputs are images/],
  ['infer --model resnet21', /there is no model "resnet21"/],
  ['infer --batch 0', /--batch is "0" but must be a whole number/],
  ['infer --threads 1,x', /--threads is "x"/],
  ['infer --simd 512', /--simd is "512" but must be auto, 128 or 256/],
  ['infer --simd 128,128', /--simd is "128,128": 128 stands twice/],
  ['infer --python /nowhere/python', /--python is "\/nowhere\/python" but there is no such file/],
  ['infer --numerics exact', /--numerics is "exact" but must be fast or strict/],
])('refuses %s', (line, message) => {
  expect(() => parseOptions(line.split(' '))).toThrow(message);
});
