import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { readTensors, saveWeightsFile } from '../../ts/io/node/weightsFile.ts';
import { serializeSafetensors, type SafetensorsTensor } from '../../ts/io/safetensors.ts';
import { resnet8 } from '../../ts/models/index.ts';
import { runNetwork, type RunNetworkOptions } from '../../ts/train/runNetwork.ts';
import { goldenTensor } from '../golden/generator.ts';
import { residua } from './cli.ts';

const SHAPE = [3, 8, 8, 2];
const TARGET = [0, 4, 2];
const images = goldenTensor('images', SHAPE);

let folder: string;
const file = (name: string): string => join(folder, name);
const model = await init({ threads: 1, numerics: 'strict' }).then(() =>
  resnet8({ inChannels: 2, numClasses: 5, seed: 3 }),
);

function writeInput(name: string, tensors: Record<string, SafetensorsTensor>): string {
  writeFileSync(file(name), serializeSafetensors(new Map(Object.entries(tensors))));
  return file(name);
}
const input: SafetensorsTensor = { dtype: 'F32', shape: SHAPE, data: images };
const target: SafetensorsTensor = {
  dtype: 'I64',
  shape: [3],
  data: BigInt64Array.from(TARGET, BigInt),
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'residua-run-'));
  for (const [name, weight] of model.stateDict()) {
    if (name.includes('running'))
      weight.write(goldenTensor(name, weight.shape, 0.2, name.endsWith('var') ? 1 : 0));
  }
  await saveWeightsFile(model, file('w.safetensors'));
  writeInput('in.safetensors', { input, target });
});
afterAll(() => {
  currentEngine().close();
  rmSync(folder, { recursive: true });
});

const runWith = (...flags: string[]): ReturnType<typeof residua> =>
  residua(
    ...['run', '--model', 'ResNet-8', '--weights', file('w.safetensors')],
    ...['--input', file('in.safetensors'), '--output', file('out.safetensors')],
    ...['--numerics', 'strict', ...flags],
  );

describe('residua run', () => {
  it.each<[string, string[], RunNetworkOptions]>([
    ['logits', [], {}],
    ['gradients by running statistics', ['--grad'], { target: Int32Array.from(TARGET) }],
    [
      "gradients by the batch's statistics",
      ['--grad', '--train-mode'],
      { target: Int32Array.from(TARGET), training: true },
    ],
    [
      'gradients in training with frozen statistics',
      ['--grad', '--train-mode', '--freeze-bn'],
      { target: Int32Array.from(TARGET), training: true, freezeBatchNorm: true },
    ],
  ])('writes %s', async (_, flags, options) => {
    const before = readFileSync(file('w.safetensors'));
    const { code, stdout, stderr } = await runWith(...flags, '--json');
    expect(code, stderr).toBe(0);
    expect(readFileSync(file('w.safetensors')).equals(before)).toBe(true);
    const { tensors, metadata } = await readTensors(file('out.safetensors'));
    const expected = await runNetwork(model, images, SHAPE, options);
    expect(tensors.get('logits')).toEqual({
      dtype: 'F32',
      shape: [3, 5],
      data: expected.logits,
    });
    expect(metadata).toMatchObject({ model: 'resnet8', numerics: 'strict' });
    const report = JSON.parse(stdout) as Record<string, number>;
    expect(report).toMatchObject({ logits: [3, 5], peakBytes: expected.peakBytes });
    const rest = Object.fromEntries([...tensors].filter(([name]) => name !== 'logits'));
    if (!expected.gradients) return expect(rest).toEqual({});
    expect(rest).toEqual({
      loss: { dtype: 'F32', shape: [], data: Float32Array.of(expected.loss!) },
      ...Object.fromEntries(expected.gradients),
    });
    expect(tensors.get('layer2.0.conv1.weight')!.shape).toEqual([32, 16, 3, 3]);
    expect(tensors.get('fc.weight')!.shape).toEqual([5, 64]);
    expect(report['loss']).toBeCloseTo(expected.loss!, 6);
  });

  it('says what it did', async () => {
    const { code, stdout } = await runWith('--grad');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^output +.*out\.safetensors: logits \[3, 5\], loss, gradients$/m);
    expect(stdout).toMatch(/^loss +\d\.\d+$/m);
    expect(stdout).toMatch(/^plan +[\d.]+ MB: weights [\d.]+ MB, packed /m);
    expect(stdout).toMatch(/^high-water +[\d.]+ MB of WASM memory, [\d.]+ MB of the process$/m);
  });

  it.each<[string, Record<string, SafetensorsTensor>, RegExp]>([
    ['no input', { target }, /in2\.safetensors: run: has no tensor "input" but target$/m],
    ['no target', { input }, /run: has no tensor "target" but input$/m],
    [
      'an input of three axes',
      { input: { ...input, shape: [3, 8, 16] }, target },
      /run: input is \[3, 8, 16\] but must be \[N, H, W, C\]/,
    ],
    [
      'an input that is not finite',
      { input: { dtype: 'F32', shape: [1, 1, 1, 2], data: Float32Array.of(0, NaN) } },
      /run: input is NaN at element 1, which is not finite/,
    ],
    [
      'an input of integers',
      { input: { dtype: 'I32', shape: [1, 1, 1, 1], data: Int32Array.of(1) } },
      /run: input is I32 but must be F32, F16, BF16 or F64/,
    ],
    [
      'a target of another length',
      { input, target: { dtype: 'I32', shape: [2], data: Int32Array.of(1, 2) } },
      /run: target is I32 \[2\] but must be I64 or I32 \[3\]/,
    ],
    [
      'a class that is none',
      { input, target: { dtype: 'I32', shape: [3], data: Int32Array.of(1, 5, 2) } },
      /run: target is 5 at element 1 but classes go from 0 to 4/,
    ],
    [
      'images of other channels',
      { input: { dtype: 'F32', shape: [1, 8, 8, 1], data: images.slice(0, 64) }, target },
      /w\.safetensors: load: other shapes: conv1.weight: is \[16, 2, 3, 3\] but the model has \[16, 1, 3, 3\]/,
    ],
  ])('refuses %s', async (_, tensors, message) => {
    const { code, stdout, stderr } = await runWith(
      '--grad',
      '--input',
      writeInput('in2.safetensors', tensors),
    );
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  it('refuses a model that is not known, and what is not there', async () => {
    const unknown = await runWith('--model', 'resnet9');
    expect(unknown.stderr).toMatch(/unknown model "resnet9": did you mean "resnet8"/);
    const missing = await runWith('--weights', file('none.safetensors'));
    expect(missing.stderr).toMatch(/none\.safetensors: read: no such file or directory/);
    const { code } = await residua('run', '--model', 'resnet8');
    expect(code).toBe(2);
  });
});
