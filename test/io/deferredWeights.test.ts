import {
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import type { Plan } from '../../ts/compile/plan.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { StateDictError } from '../../ts/base/errors.ts';
import { loadWeightsFile, readTensors, saveWeightsFile } from '../../ts/io/node/weightsFile.ts';
import { parseSafetensors, serializeSafetensors } from '../../ts/io/safetensors.ts';
import { loadWeights, saveWeights } from '../../ts/io/weights.ts';
import {
  BatchNorm2d,
  Conv2d,
  Flatten,
  Linear,
  Module,
  withoutInitialWeights,
} from '../../ts/nn/index.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { expectSameBits } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

/** A network whose file is too large to be read at once, with weights of every layout. */
class Net extends Module {
  readonly conv1 = new Conv2d(3, 128, { kernelSize: [3, 2], padding: 1, bias: false });
  readonly bn1 = new BatchNorm2d(128);
  readonly conv2 = new Conv2d(128, 250, { kernelSize: 3, padding: 1, bias: false });
  readonly bn2 = new BatchNorm2d(250);
  readonly fc = new Linear(3 * 4 * 250, 37, { flattened: [3, 4, 250] });

  override forward(x: Tensor): Tensor {
    const first = this.bn1.forward(this.conv1.forward(x));
    return this.fc.forward(new Flatten().forward(this.bn2.forward(this.conv2.forward(first))));
  }
}

const image = Float32Array.from({ length: 27 }, (_, i) => ((i * 5) % 7) / 7 - 0.5);

const bitsOf = (model: Module): (Float32Array | Int32Array)[] =>
  [...model.stateDict().values()].map((weight) => weight.data());

const deferredOf = (model: Module): string[] =>
  [...model.stateDict()].filter(([, { deferred }]) => deferred).map(([name]) => name);

function planOf(model: Module): Plan {
  model.eval();
  return compile((x) => model.forward(x), [{ shape: [1, 3, 3, 3], dtype: 'f32' }], {
    recording: false,
  });
}

async function logitsOf(model: Module): Promise<Float32Array> {
  using plan = planOf(model);
  return (await plan.run(image))[0] as Float32Array;
}

let folder: string;
let path: string;
/** What is in the file, as ordinary tensors have it. */
let held: Net;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'residua-deferred-'));
  path = join(folder, 'net.safetensors');
  held = new Net();
  for (const weight of held.stateDict().values()) weight.write(weight.data());
  await saveWeightsFile(held, path);
  return () => rmSync(folder, { recursive: true });
});

async function loaded(file = path): Promise<Net> {
  const model = new Net();
  await loadWeightsFile(model, file);
  return model;
}

describe('weights of a file', () => {
  it('stay there, with the same bits', async () => {
    const model = await loaded();
    expect(deferredOf(model)).toEqual(['conv1.weight', 'conv2.weight', 'fc.weight']);
    expectSameBits(bitsOf(model), bitsOf(held), 'values');
    expectSameBits([await logitsOf(model)], [await logitsOf(held)], 'logits');
    // The linear layer is read in place by the plan, so it is held.
    expect(deferredOf(model)).toEqual(['conv1.weight', 'conv2.weight']);
  });

  it('are saved after a plan was made of them as they were, over the same file, too', async () => {
    const before = readFileSync(path);
    const model = await loaded();
    const logits = await logitsOf(model);
    await saveWeightsFile(model, path);
    expect(readFileSync(path).equals(before)).toBe(true);
    expectSameBits([await logitsOf(model)], [logits], 'logits');
  });

  it('are there when the file is replaced or deleted', async () => {
    const model = await loaded();
    const other = join(folder, 'other.safetensors');
    await saveWeightsFile(new Net(), other);
    renameSync(other, path);
    expectSameBits(bitsOf(model), bitsOf(held), 'replaced');
    rmSync(path);
    expectSameBits([await logitsOf(model)], [await logitsOf(held)], 'deleted');
  });

  it.each<[string, (path: string) => void]>([
    ['written to', (file) => utimesSync(file, 1, 1)],
    ['cut off', (file) => truncateSync(file, 1000)],
  ])('are one error when the file is %s', async (_, change) => {
    const model = await loaded();
    const plan = planOf(model);
    change(path);
    const message =
      /^[^\n]*net\.safetensors: tensor "conv2\.weight": read: the file was written since its weights were loaded$/;
    expect(() => model.conv2.weight.data()).toThrow(message);
    expect(() => saveWeights(model)).toThrow(/the file was written since/);
    // What was packed before is there, for other plans too, as long as one of them is.
    const another = planOf(model);
    expectSameBits(await plan.run(image), [await logitsOf(held)], 'packed');
    plan.dispose();
    expectSameBits(await another.run(image), [await logitsOf(held)], 'packed for another');
    another.dispose();
    expect(() => planOf(model)).toThrow(
      /net\.safetensors: tensor "conv\d\.weight": read: the file/,
    );
    // And so is what is written now.
    loadWeights(model, saveWeights(held).tensors);
    expectSameBits([await logitsOf(model)], [await logitsOf(held)], 'loaded again');
  });

  it('stay in shards', async () => {
    const index = await saveWeightsFile(held, path, { maxShardBytes: 1_200_000 });
    const model = await loaded(index);
    expect(deferredOf(model)).toHaveLength(3);
    expectSameBits([await logitsOf(model)], [await logitsOf(held)], 'logits');
  });

  it.each(['F16', 'BF16'] as const)('may be %s', async (dtype) => {
    await saveWeightsFile(held, path, { dtype });
    const model = await loaded();
    const all = new Net();
    const { tensors } = parseSafetensors(readFileSync(path), 'a');
    loadWeights(all, new Map([...tensors].map(([name, tensor]) => [name, { ...tensor }])));
    expect(deferredOf(all)).not.toContain('conv2.weight');
    expectSameBits(bitsOf(model), bitsOf(all), dtype);
  });

  it('are looked at before anything is taken', async () => {
    const { tensors, metadata } = saveWeights(held);
    (tensors.get('fc.weight')!.data as Float32Array)[100_001] = NaN;
    writeFileSync(path, serializeSafetensors(tensors, metadata));
    const model = new Net();
    const before = bitsOf(model);
    await expect(loadWeightsFile(model, path)).rejects.toThrow(StateDictError);
    await expect(loadWeightsFile(model, path)).rejects.toThrow(
      /fc\.weight: is NaN at element 100001 but must be a finite f32/,
    );
    expectSameBits(bitsOf(model), before, 'model');
  });
});

describe('weights of a buffer', () => {
  it('stay there until they are needed', async () => {
    const model = new Net();
    loadWeights(model, parseSafetensors(new Uint8Array(readFileSync(path)), 'a').tensors);
    expect(deferredOf(model)).toHaveLength(3);
    expectSameBits([await logitsOf(model)], [await logitsOf(held)], 'logits');
  });

  it('are one error when it is gone', () => {
    const bytes = new Uint8Array(readFileSync(path));
    const model = new Net();
    loadWeights(model, parseSafetensors(bytes, 'a').tensors);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(() => model.conv1.weight.data()).toThrow(
      'a: tensor "conv1.weight": read: its buffer was transferred away',
    );
  });
});

it('what a reader of tensors was given, and may have changed, is copied', async () => {
  const { tensors } = await readTensors(path);
  const { data } = tensors.get('conv2.weight')!;
  expect(tensors.get('conv2.weight')!.data).toBe(data);
  (data as Float32Array).fill(0.5);
  const model = withoutInitialWeights(() => new Net());
  loadWeights(model, tensors);
  (data as Float32Array).fill(7);
  expect(model.conv2.weight.deferred).toBe(false);
  expect(new Set(model.conv2.weight.data())).toEqual(new Set([0.5]));
});
