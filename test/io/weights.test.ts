import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { FormatError, StateDictError } from '../../ts/base/errors.ts';
import { relu } from '../../ts/functions/relu.ts';
import { loadWeightsFile, readTensors, saveWeightsFile } from '../../ts/io/node/weightsFile.ts';
import {
  parseSafetensors,
  serializeSafetensors,
  type SafetensorsTensor,
} from '../../ts/io/safetensors.ts';
import { readShards, splitShards } from '../../ts/io/shards.ts';
import { loadWeights, saveWeights } from '../../ts/io/weights.ts';
import { BatchNorm2d, Conv2d, Flatten, Linear, Module } from '../../ts/nn/index.ts';
import { RandomStream } from '../../ts/base/random.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { errorOf } from '../data/generated.ts';
import { goldenTensor } from '../golden/generator.ts';
import { permute } from '../golden/layout.ts';
import { expectSameBits } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

/** A network with a weight of every layout, under names like torchvision's. */
class Net extends Module {
  readonly conv1 = new Conv2d(2, 6, { kernelSize: [3, 2], bias: false });
  readonly bn1 = new BatchNorm2d(6);
  readonly grouped = new Conv2d(6, 4, { kernelSize: 1, groups: 2 });
  readonly fc1 = new Linear(3 * 2 * 4, 5, { flattened: [3, 2, 4] });
  readonly fc2 = new Linear(5, 7);

  override forward(x: Tensor): Tensor {
    const features = this.grouped.forward(relu(this.bn1.forward(this.conv1.forward(x))));
    return this.fc2.forward(this.fc1.forward(new Flatten().forward(features)));
  }
}

type Tensors = Map<string, SafetensorsTensor>;

const bitsOf = (model: Module): (Float32Array | Int32Array)[] =>
  [...model.stateDict().values()].map((weight) => weight.data());

/** What torch would have saved, with values of its own. */
function torchFile(): Tensors {
  const shapes = {
    'conv1.weight': [6, 2, 3, 2],
    'bn1.weight': [6],
    'bn1.bias': [6],
    'bn1.running_mean': [6],
    'bn1.running_var': [6],
    'grouped.weight': [4, 3, 1, 1],
    'grouped.bias': [4],
    'fc1.weight': [5, 24],
    'fc1.bias': [5],
    'fc2.weight': [7, 5],
    'fc2.bias': [7],
  };
  const floats = Object.entries(shapes).map(
    ([name, shape]) => [name, { dtype: 'F32', shape, data: goldenTensor(name, shape) }] as const,
  );
  const counter = { dtype: 'I64', shape: [], data: BigInt64Array.of(1234n) } as const;
  return new Map<string, SafetensorsTensor>([...floats, ['bn1.num_batches_tracked', counter]]);
}

const changed = (change: (tensors: Tensors) => void): Tensors => {
  const tensors = torchFile();
  change(tensors);
  return tensors;
};

describe('loadWeights', () => {
  it("takes torch's layouts", () => {
    const model = new Net();
    const file = torchFile();
    const report = loadWeights(model, file);
    expect(report).toEqual({
      loaded: [...model.stateDict().keys()],
      missing: [],
      unexpected: [],
      mismatched: [],
    });
    const values = (name: string): ArrayLike<number> => file.get(name)!.data as Float32Array;
    const conv = permute(values('conv1.weight'), [6, 2, 3, 2], [2, 3, 1, 0]);
    expect([...model.conv1.weight.data()]).toEqual([...conv]);
    const flat = permute(values('fc1.weight'), [5, 4, 3, 2], [2, 3, 1, 0]);
    expect([...model.fc1.weight.data()]).toEqual([...flat]);
    const linear = permute(values('fc2.weight'), [7, 5], [1, 0]);
    expect([...model.fc2.weight.data()]).toEqual([...linear]);
    expect(model.bn1.numBatchesTracked.item()).toBe(1234);
  });

  it.each(['F16', 'BF16', 'F64'] as const)('takes %s', (dtype) => {
    const model = new Net();
    const rounded = Float32Array.of(0.5, -1, 2, 0.25, 0, 4);
    const data = dtype === 'F64' ? Float64Array.from(rounded) : rounded;
    const file = changed((t) =>
      t.set('bn1.weight', { dtype, shape: [6], data } as SafetensorsTensor),
    );
    const bytes = serializeSafetensors(file);
    loadWeights(model, parseSafetensors(bytes, 'a').tensors);
    expect([...model.bn1.weight.data()]).toEqual([...rounded]);
  });

  it('takes files without counters of batches, as older ones are', () => {
    const model = new Net();
    model.bn1.numBatchesTracked.write([5]);
    const report = loadWeights(
      model,
      changed((t) => t.delete('bn1.num_batches_tracked')),
    );
    expect(report.missing).toEqual(['bn1.num_batches_tracked']);
    expect(model.bn1.numBatchesTracked.item()).toBe(5);
  });

  it('takes what lies under a prefix, renamed', () => {
    const straight = new Net();
    loadWeights(straight, torchFile());
    const moved = new Map(
      [...torchFile()].map(([name, value]) => [
        `model.${name.replace('conv1', 'stem.conv').replace('fc2', 'head')}`,
        value,
      ]),
    );
    moved.set('optimizer.step', { dtype: 'I64', shape: [], data: BigInt64Array.of(1n) });
    const byMap = new Net();
    loadWeights(byMap, moved, {
      prefix: 'model.',
      rename: { stem: 'nowhere', 'stem.conv': 'conv1', head: 'fc2' },
    });
    expectSameBits(bitsOf(byMap), bitsOf(straight), 'by map');
    const byFunction = new Net();
    loadWeights(byFunction, moved, {
      prefix: 'model.',
      rename: (name) => name.replace('stem.conv', 'conv1').replace('head', 'fc2'),
    });
    expectSameBits(bitsOf(byFunction), bitsOf(straight), 'by function');
  });

  it('reports what it passes over when it is not strict', () => {
    const model = new Net();
    const head = bitsOf(model.fc2);
    const file = changed((t) => {
      t.delete('fc1.bias');
      t.set('extra', { dtype: 'F32', shape: [], data: Float32Array.of(1) });
      t.set('fc2.weight', { dtype: 'F32', shape: [1000, 5], data: new Float32Array(5000) });
      t.set('fc2.bias', { dtype: 'F32', shape: [1000], data: new Float32Array(1000) });
    });
    const report = loadWeights(model, file, { strict: false });
    expect(report.missing).toEqual(['fc1.bias']);
    expect(report.unexpected).toEqual(['extra']);
    expect(report.mismatched).toEqual([
      'fc2.weight: is [1000, 5] but the model has [7, 5]',
      'fc2.bias: is [1000] but the model has [7]',
    ]);
    expect(report.loaded).toHaveLength(9);
    expectSameBits(bitsOf(model.fc2), head, 'head');
    expect([...model.bn1.bias.data()]).toEqual([...(file.get('bn1.bias')!.data as Float32Array)]);
  });
});

describe('a file that does not fit', () => {
  const float = (shape: number[], data: number[]): SafetensorsTensor => ({
    dtype: 'F32',
    shape,
    data: Float32Array.from(data),
  });
  const bias = (value: number): SafetensorsTensor => float([6], [0, 1, value, 3, 4, 5]);

  it.each<[string, (tensors: Tensors) => void, string]>([
    [
      'lacks and has too much',
      (t) => {
        t.delete('conv1.weight');
        t.delete('fc2.bias');
        t.set('fc.bias', float([1], [0]));
      },
      'a: load: missing: conv1.weight, fc2.bias; unexpected: fc.bias',
    ],
    [
      'has another shape',
      (t) => t.set('fc2.weight', float([5, 7], new Array<number>(35).fill(0))),
      'a: load: other shapes: fc2.weight: is [5, 7] but the model has [7, 5]',
    ],
    ['holds NaN', (t) => t.set('bn1.bias', bias(NaN)), 'a: load: bn1.bias: is NaN at element 2'],
    [
      'holds infinity',
      (t) => t.set('bn1.bias', bias(-Infinity)),
      'a: load: bn1.bias: is -Infinity at element 2 but must be a finite f32',
    ],
    [
      'holds a double that f32 cannot',
      (t) => t.set('bn1.bias', { dtype: 'F64', shape: [6], data: new Float64Array(6).fill(1e39) }),
      'a: load: bn1.bias: is 1e+39 at element 0 but must be a finite f32',
    ],
    [
      'has integers for floats',
      (t) => t.set('bn1.bias', { dtype: 'I32', shape: [6], data: new Int32Array(6) }),
      'a: load: bn1.bias: is I32 but must be one of F32, F16, BF16, F64',
    ],
    [
      'has floats for a counter',
      (t) => t.set('bn1.num_batches_tracked', float([], [1])),
      'a: load: bn1.num_batches_tracked: is F32 but must be one of I64, I32',
    ],
    [
      'counts too far',
      (t) =>
        t.set('bn1.num_batches_tracked', {
          dtype: 'I64',
          shape: [],
          data: BigInt64Array.of(2n ** 40n),
        }),
      'a: load: bn1.num_batches_tracked: is 1099511627776 at element 0 but must be a 32-bit integer',
    ],
  ])('%s: is one error, and the model stays', (_, change, message) => {
    const model = new Net();
    const before = bitsOf(model);
    const error = errorOf(() => loadWeights(model, changed(change), { name: 'a' }));
    expect(error).toBeInstanceOf(StateDictError);
    expect(error.message).toContain(message);
    expectSameBits(bitsOf(model), before, 'weights');
  });

  it('shows control characters of names as escapes', () => {
    const file = changed((t) => t.set('\u001b[2J\n', float([1], [0])));
    const error = errorOf(() => loadWeights(new Net(), file, { name: 'a' }));
    expect(error.message).toBe('a: load: unexpected: \\x1b[2J\\x0a');
  });

  it('gives two tensors one name', () => {
    const error = errorOf(() =>
      loadWeights(new Net(), torchFile(), { rename: { 'bn1.bias': 'bn1.weight' } }),
    );
    expect(error.message).toBe(
      'weights: load: bn1.weight and bn1.bias are both renamed to bn1.weight but it takes one',
    );
  });
});

describe('saveWeights', () => {
  it('writes what loadWeights reads, bit for bit', () => {
    const [from, to] = [new Net(), new Net()];
    loadWeights(from, torchFile());
    const { tensors, metadata } = saveWeights(from);
    expect(metadata).toEqual({ format: 'pt' });
    expect(Object.fromEntries(tensors)).toEqual(Object.fromEntries(torchFile()));
    loadWeights(to, parseSafetensors(serializeSafetensors(tensors, metadata), 'a').tensors);
    expectSameBits(bitsOf(to), bitsOf(from), 'weights');
  });

  it('renames and puts a prefix on', () => {
    const { tensors } = saveWeights(new Net(), { prefix: 'model.', rename: { fc2: 'head' } });
    expect([...tensors.keys()].slice(-2)).toEqual(['model.head.weight', 'model.head.bias']);
    expect(() => saveWeights(new Net(), { rename: { fc2: 'fc1' } })).toThrow(
      /fc2.weight is renamed to fc1.weight but another tensor is, too/,
    );
  });

  it.each(['F16', 'BF16'] as const)('writes %s and keeps counters', (dtype) => {
    const model = new Net();
    const { tensors } = parseSafetensors(
      serializeSafetensors(saveWeights(model, { dtype }).tensors),
      'a',
    );
    expect(tensors.get('fc2.weight')!.dtype).toBe(dtype);
    expect(tensors.get('bn1.num_batches_tracked')!.dtype).toBe('I64');
    const rounded = new Net();
    loadWeights(rounded, tensors);
    const bits = dtype === 'F16' ? 11 : 8;
    const [own, read] = [model.fc2.weight.data(), rounded.fc2.weight.data()];
    own.forEach((value, i) =>
      expect(Math.abs(read[i]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -bits),
    );
  });

  it('refuses what half precision cannot hold', () => {
    const model = new Net();
    model.fc2.bias!.write([0, 0, -65520, 0, 0, 0, 0]);
    expect(() => saveWeights(model, { dtype: 'F16' })).toThrow(
      /fc2.bias: has -65520 at element 2 but F16 holds no more than/,
    );
    model.fc2.bias!.write([65519, 0, 0, 0, 0, 0, 0]);
    expect(saveWeights(model, { dtype: 'F16' }).tensors.size).toBe(12);
  });
});

describe('shards', () => {
  const contents = { tensors: torchFile(), metadata: { format: 'pt' } };
  const { index, files } = splitShards(contents, 'model', 300);
  const bytesOf = (file: string): Promise<Uint8Array> => {
    const shard = files.get(file);
    if (!shard) return Promise.reject(new Error(`${file}: read: no such file`));
    return Promise.resolve(serializeSafetensors(shard.tensors, shard.metadata));
  };
  const read = (text: string): Promise<unknown> => readShards(text, 'index', bytesOf);

  it('keep to their size, and come together again', async () => {
    expect([...files.keys()][0]).toBe(`model-00001-of-0000${files.size}.safetensors`);
    expect(files.size).toBeGreaterThan(2);
    for (const { tensors } of files.values()) {
      const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(bytes <= 300 || tensors.size === 1).toBe(true);
    }
    const parsed = JSON.parse(index) as {
      metadata: unknown;
      weight_map: Record<string, string>;
    };
    const all = [...contents.tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(parsed.metadata).toEqual({ total_size: all });
    expect(Object.keys(parsed.weight_map)).toEqual([...contents.tensors.keys()]);
    const again = await readShards(index, 'index', bytesOf);
    expect(Object.fromEntries(again.tensors)).toEqual(Object.fromEntries(contents.tensors));
    expect(again.metadata).toEqual(contents.metadata);
  });

  it.each<[string, string, RegExp]>([
    ['is no JSON', '{', /index: index: 1 characters are there but they are not JSON/],
    ['has no map', '{"metadata":{}}', /weight_map is missing but must be an object/],
    ['has a list', '{"weight_map":[]}', /weight_map is \[\] but must be an object/],
    [
      'leads up',
      '{"weight_map":{"a":"../b.safetensors"}}',
      /must be in a .safetensors file beside/,
    ],
    ['leads away', '{"weight_map":{"a":"C:b.safetensors"}}', /must be in a .safetensors file/],
    ['names no file', '{"weight_map":{"a":7}}', /"a" is in 7 but/],
    ['is hostile', '{"weight_map":{"__proto__":"b.safetensors"}}', /"__proto__" is not allowed/],
    [
      'repeats a key',
      '{"weight_map":{"a":"b.safetensors","a":"c.safetensors"}}',
      /key "a" is there twice/,
    ],
    [
      'names a tensor too few',
      index.replace(/ {4}"fc2.bias".*\n/, '').replace(/,(\s*\}\s*\}\s*)$/, '$1'),
      /tensor "fc2.bias" is in model-.*nowhere/,
    ],
    [
      'names a tensor too many',
      index.replace('"weight_map": {', '"weight_map": {"x": "model-00001-of-00004.safetensors",'),
      /tensor "x" is not in model-00001/,
    ],
    ['names a file that is not there', '{"weight_map":{"a":"b.safetensors"}}', /no such file/],
  ])('an index that %s is one error', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('want room', () => {
    expect(() => splitShards(contents, 'model', 0)).toThrow(/maxBytes is 0 but must be above 0/);
  });
});

describe('files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'residua-weights-'));
    return () => rmSync(folder, { recursive: true });
  });

  it('hold a network, in one piece or in shards', async () => {
    const model = new Net();
    const path = join(folder, 'net.safetensors');
    for (const maxShardBytes of [Infinity, 300]) {
      const file = await saveWeightsFile(model, path, { maxShardBytes });
      expect(file).toBe(maxShardBytes === 300 ? join(folder, 'net.safetensors.index.json') : path);
      const other = new Net();
      await loadWeightsFile(other, file);
      expectSameBits(bitsOf(other), bitsOf(model), file);
    }
    expect(readdirSync(folder)).toContain('net-00001-of-00004.safetensors');
  });

  it('that lack a shard say so', async () => {
    const file = await saveWeightsFile(new Net(), join(folder, 'net.safetensors'), {
      maxShardBytes: 300,
    });
    rmSync(join(folder, 'net-00002-of-00004.safetensors'));
    await expect(readTensors(file)).rejects.toThrow(
      /net-00002-of-00004.safetensors: read: no such file or directory/,
    );
  });

  it('that are damaged give one error and never change the model', async () => {
    const model = new Net();
    const path = join(folder, 'net.safetensors');
    const saved = readFileSync(await saveWeightsFile(new Net(), path));
    const before = bitsOf(model);
    const outcomes = { refused: 0, taken: 0 };
    for (let trial = 0; trial < 300; trial++) {
      writeFileSync(path, damaged(saved, new RandomStream(7, `damage.${trial}`)));
      try {
        await loadWeightsFile(model, path);
        outcomes.taken++;
        for (const [i, weight] of [...model.stateDict().values()].entries()) {
          weight.write(before[i]!);
        }
      } catch (error) {
        outcomes.refused++;
        const isOurs = error instanceof FormatError || error instanceof StateDictError;
        expect(isOurs, (error as Error).stack).toBe(true);
        expect((error as Error).message).toMatch(/^[^\n]*net\.safetensors: /);
        expectSameBits(bitsOf(model), before, `trial ${trial}`);
      }
    }
    expect(outcomes.refused).toBeGreaterThan(200);
  });

  it('in shards, of which the index or one is damaged, give one error and never change the model', async () => {
    const model = new Net();
    const before = bitsOf(model);
    const path = join(folder, 'net.safetensors');
    const index = await saveWeightsFile(new Net(), path, { maxShardBytes: 300 });
    const shards = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
    const text = readFileSync(index, 'utf8');
    const intact = new Map(shards.map((name) => [name, readFileSync(join(folder, name))]));
    let refused = 0;
    for (let trial = 0; trial < 200; trial++) {
      const random = new RandomStream(3, `shards.${trial}`);
      const shard = shards[random.below(shards.length)]!;
      const faults: (() => void)[] = [
        () => writeFileSync(index, text.slice(0, random.below(text.length))),
        () => writeFileSync(index, text.replace(shard, `../${shard}`)),
        () => writeFileSync(index, text.replace(shard, `/etc/${shard}`)),
        () =>
          writeFileSync(
            index,
            text.replace(
              shard,
              shards.find((name) => name !== shard)!,
            ),
          ),
        () => writeFileSync(index, text.replace('"conv1.weight"', '"__proto__"')),
        () => writeFileSync(index, text.replace('"conv1.weight"', '"fc2.weight"')),
        () => rmSync(join(folder, shard)),
        () => writeFileSync(join(folder, shard), damaged(intact.get(shard)!, random)),
      ];
      faults[random.below(faults.length)]!();
      try {
        await loadWeightsFile(model, index);
        for (const [i, weight] of [...model.stateDict().values()].entries()) {
          weight.write(before[i]!);
        }
      } catch (error) {
        refused++;
        expect((error as Error).message, (error as Error).stack).toMatch(
          /^[^\n]*net[^\n]*\.(json|safetensors): [^\n]+$/,
        );
        expectSameBits(bitsOf(model), before, `trial ${trial}`);
      }
      writeFileSync(index, text);
      intact.forEach((bytes, name) => writeFileSync(join(folder, name), bytes));
    }
    expect(refused).toBeGreaterThan(150);
  });
});

/** A copy of a safetensors file with one of the faults that files have. */
function damaged(file: Uint8Array, random: RandomStream): Uint8Array {
  const bytes = Uint8Array.from(file);
  const view = new DataView(bytes.buffer);
  const headerEnd = 8 + Number(view.getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, headerEnd));
  const withHeader = (header: string): Uint8Array => {
    const encoded = new TextEncoder().encode(header);
    const made = new Uint8Array(8 + encoded.length + bytes.length - headerEnd);
    new DataView(made.buffer).setBigUint64(0, BigInt(encoded.length), true);
    made.set(encoded, 8);
    made.set(bytes.subarray(headerEnd), 8 + encoded.length);
    return made;
  };
  const faults: (() => Uint8Array)[] = [
    () => bytes.subarray(0, random.below(bytes.length)),
    () => {
      view.setBigUint64(0, BigInt(2 ** random.below(53)), true);
      return bytes;
    },
    () => {
      bytes[8 + random.below(headerEnd - 8)] = random.below(256);
      return bytes;
    },
    () => {
      const values = headerEnd + 8 + 4 * random.below((bytes.length - headerEnd - 8) / 4);
      view.setUint32(values, [0x7fc00000, 0x7f800000, 0xff800000][random.below(3)]!, true);
      return bytes;
    },
    () => withHeader(text.replace('"F32"', ['"I32"', '"F16"', '"X9"', '7'][random.below(4)]!)),
    () => withHeader(text.replace('{', `{"__proto__":${random.below(9)},`)),
    () => withHeader(text.replace('"bn1.bias"', '"bn1.weight"')),
    () => withHeader(text.replace('"bn1.bias"', '"constructor"')),
    () => withHeader(text.replace(/"shape":\[\d+/, `"shape":[${2 ** random.below(60)}`)),
    () => withHeader(text.replace(/"data_offsets":\[(\d+)/, '"data_offsets":[1$1')),
    () => withHeader(text.replace(/"data_offsets":\[\d+,\d+\]/, '"data_offsets":[0,4]')),
    () => withHeader(text.replace(/"data_offsets":\[/, '"data_offsets":[-')),
    () => withHeader(text.replace(/"data_offsets":\[\d+/, '$&.5')),
    () => withHeader(`${'['.repeat(1 + random.below(5000))}`),
  ];
  return faults[random.below(faults.length)]!();
}
