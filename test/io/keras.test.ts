import { readFileSync } from 'node:fs';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { FormatError, StateDictError } from '../../ts/base/errors.ts';
import { readNpy } from '../../ts/io/keras/npz.ts';
import { loadKerasWeights } from '../../ts/keras.ts';
import { densenet121, resnet50 } from '../../ts/models/index.ts';
import { BasicBlock, BatchNorm2d, kerasBatchNorm2d, shortcut } from '../../ts/nn/index.ts';
import { RandomStream } from '../../ts/base/random.ts';
import { runNetwork } from '../../ts/train/runNetwork.ts';
import { errorOf } from '../data/generated.ts';
import { goldenTensor } from '../golden/generator.ts';
import { readGolden } from '../golden/readGolden.ts';
import { expectClose, expectSameBits } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/keras/${name}`, import.meta.url)));

/** The twin of keras_nets.py's `value`. */
function value(path: string, shape: readonly number[]): Float32Array {
  const kind = path.slice(path.lastIndexOf('/') + 1);
  if (kind === 'kernel') {
    const fanIn = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    return goldenTensor(path, shape, Math.sqrt(6 / fanIn));
  }
  if (kind === 'gamma') return goldenTensor(path, shape, 0.125, 0.5);
  if (kind === 'moving_variance') return goldenTensor(path, shape, 0.5, 1);
  return goldenTensor(path, shape, 0.1);
}

/** An .npy file of f32. */
function npy(shape: readonly number[], data: Float32Array | Float64Array): Uint8Array {
  const type = data instanceof Float32Array ? '<f4' : '<f8';
  const sizes = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${sizes}, }`;
  const header = strToU8(`${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`, true);
  const file = new Uint8Array(10 + header.length + data.byteLength);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  file.set(header, 10);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length);
  return file;
}

const makeBlock = (): BasicBlock =>
  new BasicBlock(4, 6, {
    stride: 2,
    bias: true,
    padding: 'same',
    norm: kerasBatchNorm2d,
    shortcut: shortcut('B', 4, 6, { stride: 2, norm: null, bias: true }),
  });

const bitsOf = (block: BasicBlock): (Float32Array | Int32Array)[] =>
  [...block.stateDict().values()].map((weight) => weight.data());

function expectGenerated(block: BasicBlock): void {
  const check = (name: string, path: string): void => {
    const weight = block.stateDict().get(name)!;
    expect([...weight.data()], name).toEqual([...value(path, weight.shape)]);
  };
  for (const layer of ['conv1', 'conv2', 'downsample']) {
    const keras = layer === 'downsample' ? 'shortcut' : layer;
    check(`${layer}.weight`, `${keras}/kernel`);
    check(`${layer}.bias`, `${keras}/bias`);
  }
  for (const layer of ['bn1', 'bn2']) {
    check(`${layer}.weight`, `${layer}/gamma`);
    check(`${layer}.bias`, `${layer}/beta`);
    check(`${layer}.running_mean`, `${layer}/moving_mean`);
    check(`${layer}.running_var`, `${layer}/moving_variance`);
  }
}

describe("the tutorial's block", () => {
  // A model knows the settings of its batch norms, mere weights do not.
  const own = [2e-3, 0.01, 1e-3, 0.1];
  const usual = [1e-3, 0.01, 1e-3, 0.01];
  it.each([
    ['block.keras', own],
    ['block.h5', own],
    ['block.weights.h5', usual],
    ['block.npz', usual],
  ])('is read from %s', (name, settings) => {
    const block = makeBlock();
    const { loaded, folded } = loadKerasWeights(block, golden(name));
    expect(loaded).toHaveLength(14);
    expect(folded).toEqual([]);
    expectGenerated(block);
    const norms = [block.bn1, block.bn2] as BatchNorm2d[];
    const found = norms.flatMap(({ eps, momentum }) => [eps, momentum]);
    settings.forEach((setting, i) => expect(found[i]).toBeCloseTo(setting, 12));
  });

  it('is read from a class with attributes', () => {
    const block = makeBlock();
    loadKerasWeights(block, golden('subclass.weights.h5'), {
      layers: { 'basic_block.downsample.conv2d': 'downsample', basic_block: '' },
      epsilon: 0.25,
      momentum: 0.5,
    });
    expectGenerated(block);
    const { eps, momentum } = block.bn1 as BatchNorm2d;
    expect([eps, momentum]).toEqual([0.25, 0.5]);
  });
});

describe("Keras's applications", () => {
  it.each([
    ['resnet50', 53, () => resnet50({ numClasses: 10, strideOn: '1x1' })],
    ['densenet121', 0, () => densenet121({ numClasses: 10 })],
  ] as const)('%s gives the logits of Keras', async (name, biases, make) => {
    const { fact, array } = readGolden(`keras/${name}.safetensors`);
    const variables = fact<[string, number[]][]>('variables');
    const files = variables.map(([path, shape]) => [`${path}.npy`, npy(shape, value(path, shape))]);
    const model = make();
    const { folded } = loadKerasWeights(
      model,
      zipSync(Object.fromEntries(files) as Record<string, Uint8Array>, { level: 0 }),
    );
    expect(folded).toHaveLength(biases);
    const norms = [...model.modules()].filter(([, module]) => module instanceof BatchNorm2d);
    expect((norms[0]![1] as BatchNorm2d).eps).toBe(1.001e-5);
    const shape = [2, 64, 64, 3];
    const { logits } = await runNetwork(
      model,
      goldenTensor('kerasNets.x', shape, Math.sqrt(3)),
      shape,
    );
    expectClose(logits, array('logits').values, 1e-5, 'logits');
    model.dispose();
  });

  it('a ResNet-50 inside another model, without its top, gives all else', () => {
    const variables = readGolden('keras/resnet50.safetensors').fact<[string, number[]][]>(
      'variables',
    );
    const inside = variables.flatMap(([path, shape]) =>
      path.startsWith('predictions')
        ? []
        : [[`resnet50/${path}.npy`, npy(shape, value(path, shape))]],
    );
    const zip = (files: unknown[][]): Uint8Array =>
      zipSync(Object.fromEntries(files) as Record<string, Uint8Array>, { level: 0 });
    const model = resnet50({ numClasses: 7, strideOn: '1x1' });
    expect(errorOf(() => loadKerasWeights(model, zip(inside))).message).toBe(
      'weights: keras: missing: fc.weight, fc.bias',
    );
    const report = loadKerasWeights(model, zip(inside), { strict: false });
    expect(report.missing).toEqual(['fc.weight', 'fc.bias']);
    expect([report.unexpected, report.mismatched, report.folded.length]).toEqual([[], [], 53]);
    const kernel = value('conv1_conv/kernel', [7, 7, 3, 64]);
    expectSameBits([model.stateDict().get('conv1.weight')!.data()], [kernel], 'conv1');

    // A head of any name is the network's, as there is one dense layer.
    const kernelOfHead = value('dense_3/kernel', [2048, 7]);
    const head = [
      ['dense_3/kernel.npy', npy([2048, 7], kernelOfHead)],
      ['dense_3/bias.npy', npy([7], value('dense_3/bias', [7]))],
    ];
    const { missing } = loadKerasWeights(model, zip([...inside, ...head]));
    expect(missing).toEqual([]);
    expectSameBits([model.fc.weight.data()], [kernelOfHead], 'fc');
    model.dispose();
  });

  it('a ResNet-50 with its strides elsewhere is refused', () => {
    const variables = readGolden('keras/resnet50.safetensors').fact<[string, number[]][]>(
      'variables',
    );
    const files = variables.map(([path, shape]) => [`${path}.npy`, npy(shape, value(path, shape))]);
    const bytes = zipSync(Object.fromEntries(files) as Record<string, Uint8Array>, { level: 0 });
    const model = resnet50({ numClasses: 10 });
    expect(errorOf(() => loadKerasWeights(model, bytes)).message).toMatch(
      /ResNet50 has its strides on the first 1×1 convolutions.*strideOn: '1x1'/,
    );
    model.dispose();
  });
});

describe('a Keras file that does not fit', () => {
  const variables: Record<string, Uint8Array> = {
    'conv1/kernel.npy': npy([3, 3, 4, 6], value('conv1/kernel', [3, 3, 4, 6])),
  };
  it.each<[string, () => Uint8Array, RegExp]>([
    ['is something else', () => strToU8('hello'), /^a: keras: begins with "hell" but must be HDF5/],
    [
      'is a file of torch.save',
      () => zipSync({ 'archive/data.pkl': strToU8('...') }),
      /^a: keras: is a file of torch\.save that holds neither model\.weights\.h5 nor arrays: 1 files/,
    ],
    [
      'is a pointer of Git LFS',
      () => strToU8('version https://git-lfs.github.com/spec/v1\n'),
      /^a: keras: is a pointer of Git LFS: `git lfs pull` fetches the file itself$/,
    ],
    ['is empty', () => new Uint8Array(), /^a: keras: begins with "" but/],
    [
      'is a broken archive',
      () => golden('block.npz').slice(0, 900),
      /^a: keras: is no zip archive/,
    ],
    ['is a broken HDF5 file', () => golden('block.h5').slice(0, 600), /^a: keras: is no HDF5 file/],
    ['lacks layers', () => zipSync(variables), /^a: keras: missing: conv1.bias, /],
    [
      'has a variable of another kind',
      () => zipSync({ 'conv1/depth.npy': npy([1], new Float32Array(1)) }),
      /^a: keras: conv1 has a variable "depth" but known are/,
    ],
    [
      'has an array that is none',
      () => zipSync({ 'conv1/kernel.npy': strToU8('nothing at all') }),
      /^a: conv1\/kernel.npy: npy: begins otherwise than an array/,
    ],
    [
      'has a truncated array',
      () => zipSync({ 'conv1/kernel.npy': variables['conv1/kernel.npy']!.slice(0, 300) }),
      /npy: holds \d+ values but its shape 216/,
    ],
    [
      'has a broken configuration',
      () =>
        zipSync({ 'model.weights.h5': golden('block.weights.h5'), 'config.json': strToU8('{') }),
      /^a: keras: its configuration is not JSON/,
    ],
  ])('%s: is one error, and the model stays', (_, make, message) => {
    const block = makeBlock();
    const before = bitsOf(block);
    const error = errorOf(() => loadKerasWeights(block, make(), { name: 'a' }));
    expect(error instanceof FormatError || error instanceof StateDictError).toBe(true);
    expect(error.message).toMatch(message);
    expectSameBits(bitsOf(block), before, 'weights');
  });

  it('has a larger array than the model: only its header is read', () => {
    const shape = [3, 3, 40, 60];
    const bytes = zipSync(
      { 'conv1/kernel.npy': npy(shape, new Float32Array(21_600)) },
      { level: 0 },
    );
    // Its values are damaged, which nobody can see who does not unpack them.
    bytes[40_000]! ^= 1;
    const { mismatched } = loadKerasWeights(makeBlock(), bytes, { strict: false });
    expect(mismatched).toEqual(['conv1.weight: is [3, 3, 40, 60] but the model has [3, 3, 4, 6]']);
  });

  it('has damaged values in an archive, which its CRC-32 tells', () => {
    const data = value('conv1/kernel', [3, 3, 4, 6]);
    const bytes = zipSync({ 'conv1/kernel.npy': npy([3, 3, 4, 6], data) }, { level: 0 });
    bytes[400]! ^= 1;
    const load = (): unknown => loadKerasWeights(makeBlock(), bytes, { name: 'a', strict: false });
    expect(errorOf(load).message).toMatch(
      /^a: conv1\/kernel\.npy: zip: has the CRC-32 \w+ but the archive says \w+: it is damaged$/,
    );
  });

  it('has another shape, or a value that is not finite', () => {
    const block = new BasicBlock(4, 8, { norm: kerasBatchNorm2d, bias: true });
    expect(errorOf(() => loadKerasWeights(block, golden('block.npz'))).message).toMatch(
      /missing: .*downsample|unexpected/,
    );
    const wide = makeBlock();
    const shape = [3, 3, 4, 6];
    const bad = value('conv1/kernel', shape);
    bad[7] = NaN;
    const files = Object.fromEntries(
      [...wide.stateDict()]
        .filter(([, { dtype }]) => dtype === 'f32')
        .map(([name, weight]) => {
          const [layer, kind] = name.split('.') as [string, string];
          const norm = layer.startsWith('bn');
          const kinds: Record<string, string> = norm
            ? {
                weight: 'gamma',
                bias: 'beta',
                running_mean: 'moving_mean',
                running_var: 'moving_variance',
              }
            : { weight: 'kernel', bias: 'bias' };
          const data = name === 'conv1.weight' ? bad : new Float32Array(weight.data());
          return [`${layer}/${kinds[kind]}.npy`, npy(weight.shape, data)];
        }),
    );
    expect(errorOf(() => loadKerasWeights(wide, zipSync(files))).message).toBe(
      'weights: keras: conv1.weight: is NaN at element 7 but must be a finite f32',
    );
    files['conv1/kernel.npy'] = npy([3, 3, 6, 4], new Float32Array(216));
    expect(errorOf(() => loadKerasWeights(wide, zipSync(files))).message).toBe(
      'weights: keras: conv1.weight: is [3, 3, 6, 4] but the model has [3, 3, 4, 6]',
    );
  });

  it('is damaged anywhere: one error of ours, and the model stays', () => {
    const block = makeBlock();
    // The HDF5 reader warns of what it finds strange.
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const before = bitsOf(block);
    for (const name of ['block.keras', 'block.h5', 'block.npz', 'block.weights.h5']) {
      const intact = golden(name);
      for (let trial = 0; trial < 60; trial++) {
        const random = new RandomStream(11, `${name}.${trial}`);
        const bytes =
          trial % 2 ? intact.slice(0, random.below(intact.length)) : Uint8Array.from(intact);
        for (let i = 0; i < 4; i++) {
          if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
        }
        try {
          loadKerasWeights(block, bytes, { name: 'a' });
          [...block.stateDict().values()].forEach((weight, i) => weight.write(before[i]!));
        } catch (error) {
          const isOurs = error instanceof FormatError || error instanceof StateDictError;
          expect(isOurs, (error as Error).stack).toBe(true);
          expect((error as Error).message).toMatch(/^a: [^\n]+$/);
          expectSameBits(bitsOf(block), before, `${name} ${trial}`);
        }
      }
    }
    warn.mockRestore();
  });
});

describe('readNpy', () => {
  it('reads f64 and scalars', () => {
    expect(readNpy(npy([2, 1], Float64Array.of(0.5, -3)), 'a')).toEqual({
      shape: [2, 1],
      data: Float32Array.of(0.5, -3),
    });
    expect(readNpy(npy([], Float32Array.of(7)), 'a')).toEqual({
      shape: [],
      data: Float32Array.of(7),
    });
  });
});
