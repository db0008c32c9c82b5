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
  expect(peers).toEqual(able.filter(({ name }) => name !== 'jax-js'));
  expect(parseOptions(['train', '--vs', 'jax-js']).peers).toHaveLength(1);
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
  ['infer --model resnet21', /there is no model "resnet21"/],
  ['infer --batch 0', /--batch is "0" but must be a whole number/],
  ['infer --threads 1,x', /--threads is "x"/],
  ['infer --numerics exact', /--numerics is "exact" but must be fast or strict/],
])('refuses %s', (line, message) => {
  expect(() => parseOptions(line.split(' '))).toThrow(message);
});
