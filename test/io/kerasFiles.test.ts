import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentEngine, init } from '../../ts/core/init.ts';
import { normalise } from '../../ts/data/normalise.ts';
import { StateDictError } from '../../ts/base/errors.ts';
import { globalAvgPool2d } from '../../ts/functions/globalAvgPool2d.ts';
import { relu } from '../../ts/functions/relu.ts';
import { differingGeometry } from '../../ts/io/keras/geometry.ts';
import { readNpy } from '../../ts/io/keras/npz.ts';
import { loadKerasWeights, type KerasReport, type LoadKerasOptions } from '../../ts/keras.ts';
import { BatchNorm2d, Conv2d, Linear, Module, Sequential } from '../../ts/nn/index.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import type { Rename } from '../../ts/io/weights.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { errorOf } from '../data/generated.ts';
import { readGolden } from '../golden/readGolden.ts';
import { expectClose } from '../helpers/close.ts';

beforeAll(async () => {
  await init({ threads: 2, numerics: 'strict' });
});
afterAll(() => currentEngine().close());

const golden = readGolden('keras/files/files.safetensors');
const images = Uint8Array.from(golden.array('images').values);
const SHAPE = [4, 8, 8, 3];
/** Keras computes in f32 as well. */
const TOLERANCE = 1e-5;

const read = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/keras/files/${name}`, import.meta.url)));

/** The network of front.keras, adapted.keras and, in two layers, transfer.keras. */
class Net extends Module {
  readonly conv1: Conv2d;
  readonly bn1 = new BatchNorm2d(4);
  readonly fc: Linear;

  constructor(classes = 3, geometry: Partial<ConstructorParameters<typeof Conv2d>[2]> = {}) {
    super();
    this.conv1 = new Conv2d(3, 4, { kernelSize: 3, padding: 1, bias: false, ...geometry });
    this.fc = new Linear(4, classes);
    this.name();
  }

  override forward(x: Tensor): Tensor {
    return this.fc.forward(globalAvgPool2d(relu(this.bn1.forward(this.conv1.forward(x)))));
  }
}

class Bare extends Module {
  readonly conv1 = new Conv2d(3, 4, { kernelSize: 3, padding: 'same', bias: false });
  readonly bn1 = new BatchNorm2d(4);
  readonly conv2 = new Conv2d(4, 4, { kernelSize: 3, padding: 'same', bias: false });
  readonly bn2 = new BatchNorm2d(4);
  readonly fc = new Linear(4, 3);

  override forward(x: Tensor): Tensor {
    const y = relu(this.bn1.forward(this.conv1.forward(x)));
    return this.fc.forward(globalAvgPool2d(relu(this.bn2.forward(this.conv2.forward(y)))));
  }
}

/** The twin of keras_files.py's Attributes. */
class Attributes extends Module {
  readonly stem = new Conv2d(3, 4, { kernelSize: 3, padding: 1, bias: false });
  readonly bn = new BatchNorm2d(4);
  readonly proj = new Conv2d(4, 4, { kernelSize: 1 });
  readonly conv1 = new Conv2d(4, 4, { kernelSize: 3, padding: 1, bias: false });
  readonly norm = new BatchNorm2d(4);
  readonly fc = new Linear(4, 3);

  override forward(x: Tensor): Tensor {
    const y = this.proj.forward(relu(this.bn.forward(this.stem.forward(x))));
    return this.fc.forward(globalAvgPool2d(relu(this.norm.forward(this.conv1.forward(y)))));
  }
}

class Block extends Module {
  readonly conv1: Conv2d;
  readonly bn1 = new BatchNorm2d(4);

  constructor(inChannels: number, stride: number) {
    super();
    const padding = stride === 1 ? 1 : 'same';
    this.conv1 = new Conv2d(inChannels, 4, { kernelSize: 3, stride, padding, bias: false });
  }

  override forward(x: Tensor): Tensor {
    return relu(this.bn1.forward(this.conv1.forward(x)));
  }
}

/** The twin of keras_files.py's Stages. */
class Stages extends Module {
  readonly begin = new Block(3, 1);
  readonly stages = new Sequential(new Block(4, 2), new Block(4, 1));
  readonly top = new Linear(4, 3);

  override forward(x: Tensor): Tensor {
    return this.top.forward(globalAvgPool2d(this.stages.forward(this.begin.forward(x))));
  }
}

async function logitsOf(
  model: Module,
  by: { readonly mean: readonly number[]; readonly std: readonly number[] } = {
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
): Promise<Float32Array> {
  const predictor = new Predictor(model);
  const logits = await predictor.logits(normalise(images, by), SHAPE);
  predictor.dispose();
  return logits;
}

function load(model: Module, file: string, options: LoadKerasOptions = {}): KerasReport {
  return loadKerasWeights(model, read(file), { name: file, ...options });
}

describe('what a Keras file does in front of the network', () => {
  it('is reported with its settings, and as mean and deviation that give its logits', async () => {
    const model = new Net();
    const { otherLayers, normalisation, assumed } = load(model, 'front.keras');
    expect(otherLayers).toEqual([
      { name: 'rescaling', kind: 'Rescaling', settings: { scale: 1 / 127.5, offset: -1 } },
      {
        name: 'normalization',
        kind: 'Normalization',
        settings: { invert: false, mean: [0.1, 0.2, -0.3], variance: [0.5, 0.25, 0.75] },
      },
    ]);
    expect(assumed).toEqual([]);
    expect([model.bn1.eps, model.bn1.momentum]).toEqual([0.05, 1 - 0.9]);
    expectClose(await logitsOf(model, normalisation), golden.array('front').values, TOLERANCE, 'a');
  });

  it('may be arithmetic, and statistics that a layer has learned', async () => {
    const model = new Net();
    const { otherLayers, normalisation } = load(model, 'adapted.keras');
    expect(otherLayers.map(({ kind }) => kind)).toEqual([
      'TrueDivide',
      'Subtract',
      'Normalization',
    ]);
    expect(otherLayers.slice(0, 2).map(({ settings }) => settings)).toEqual([
      { operands: [127.5] },
      { operands: [1] },
    ]);
    const { mean, variance } = otherLayers[2]!.settings;
    expect([mean, variance]).toEqual([expect.any(Array), expect.any(Array)]);
    expectClose(
      await logitsOf(model, normalisation),
      golden.array('adapted').values,
      TOLERANCE,
      'a',
    );
  });

  it('is named where weights alone are stored, whose settings nobody knows', () => {
    const { otherLayers, normalisation, assumed } = load(new Net(), 'front.weights.h5');
    expect(otherLayers).toEqual([
      { name: 'normalization', kind: 'normalization', settings: {} },
      { name: 'rescaling', kind: 'rescaling', settings: {} },
    ]);
    expect(normalisation).toBeUndefined();
    expect(assumed).toEqual(['bn1']);
  });
});

describe('a model inside another, compiled and trained', () => {
  it.each([
    ['transfer.keras', 'optimizer', true],
    ['transfer.h5', 'optimizer_weights', true],
    ['transfer.weights.h5', 'optimizer', false],
  ])('%s', async (file, passed, isConfigured) => {
    const model = new Net();
    const { otherLayers, passedOver, assumed, loaded } = load(model, file, { epsilon: 0.1 });
    expect(loaded).toHaveLength(7);
    expect(passedOver).toContain(passed);
    expect(otherLayers.map(({ kind }) => kind.toLowerCase().replace('_', ''))).toContain(
      'rescaling',
    );
    expect(assumed).toEqual(isConfigured ? [] : ['bn1']);
    const by = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
    expectClose(await logitsOf(model, by), golden.array('transfer').values, TOLERANCE, 'logits');
  });

  it('keeps the epsilon that the file states, and says what images are given', async () => {
    const model = new Net();
    const { normalisation, otherLayers } = load(model, 'transfer.keras', { epsilon: 7 });
    expect(model.bn1.eps).toBe(0.1);
    expect(otherLayers.map(({ name, kind }) => [name, kind])).toEqual([
      ['augment/random_flip', 'RandomFlip'],
      ['rescaling_2', 'Rescaling'],
    ]);
    expectClose(
      await logitsOf(model, normalisation),
      golden.array('transfer').values,
      TOLERANCE,
      'logits',
    );
  });

  it('keeps it by a map of the caller as well', async () => {
    const maps: Rename[] = [
      { 'base.conv1': 'conv1', 'base.bn1': 'bn1', head: 'fc' },
      { 'functional.conv2d': 'conv1', 'functional.batch_normalization': 'bn1', head: 'fc' },
      (name) => name.replace(/^base\./, '').replace('head', 'fc'),
    ];
    for (const layers of maps) {
      const model = new Net();
      load(model, 'transfer.keras', { layers });
      expect(model.bn1.eps).toBe(0.1);
    }
  });

  it('gives its base to another number of classes', () => {
    const model = new Net(5);
    expect(errorOf(() => load(model, 'transfer.keras')).message).toBe(
      'transfer.keras: keras: fc.weight: is [4, 3] but the model has [4, 5]',
    );
    const before = [...model.fc.weight.data()];
    const report = load(model, 'transfer.keras', { strict: false });
    expect(report.mismatched).toEqual([
      'fc.weight: is [4, 3] but the model has [4, 5]',
      'fc.bias: is [3] but the model has [5]',
    ]);
    expect(report.loaded).toHaveLength(5);
    expect([...model.fc.weight.data()]).toEqual(before);
    expect(model.bn1.eps).toBe(0.1);
  });

  it('gives what there is to a network with less, or more', () => {
    class Features extends Module {
      readonly conv1 = new Conv2d(3, 4, { kernelSize: 3, padding: 1, bias: false });
      readonly bn1 = new BatchNorm2d(4);
      readonly bn2 = new BatchNorm2d(4);

      override forward(x: Tensor): Tensor {
        return this.bn2.forward(this.bn1.forward(this.conv1.forward(x)));
      }
    }
    expect(errorOf(() => load(new Features(), 'transfer.keras')).message).toMatch(
      /^transfer\.keras: keras: missing: bn2\.weight, .*; unexpected: head\.weight, head\.bias; not read: optimizer$/,
    );
    const report = load(new Features(), 'transfer.keras', { strict: false });
    expect(report.unexpected).toEqual(['head.weight', 'head.bias']);
    expect(report.missing).toHaveLength(4);
    expect(report.loaded).toHaveLength(5);
  });
});

describe('batch norm without gamma or beta', () => {
  it('multiplies by one and adds zero', async () => {
    const model = new Bare();
    load(model, 'bare.keras');
    expectClose(await logitsOf(model), golden.array('bare').values, TOLERANCE, 'logits');
  });
});

describe("a class's attributes", () => {
  it.each(['attributes.keras', 'attributes.weights.h5', 'fortran.npz'])('%s', async (file) => {
    const model = new Attributes();
    const { assumed } = load(model, file, { epsilon: 0.05 });
    expect(assumed.toSorted()).toEqual(['bn', 'norm']);
    expectClose(await logitsOf(model), golden.array('attributes').values, TOLERANCE, 'logits');
  });

  it('may be lists of blocks', async () => {
    const model = new Stages();
    load(model, 'stages.weights.h5', { epsilon: 0.05 });
    expectClose(await logitsOf(model), golden.array('stages').values, TOLERANCE, 'logits');
  });

  it('are not guessed where shapes say otherwise', () => {
    class Other extends Stages {
      override readonly stages = new Sequential(new Block(4, 2), new Block(4, 1), new Block(4, 1));
    }
    expect(errorOf(() => load(new Other(), 'stages.weights.h5')).message).toMatch(
      /missing: stages\.2\.conv1\.weight, /,
    );
    class Wide extends Stages {
      override readonly top = new Linear(4, 4);
      override readonly stages = new Sequential(new Linear(4, 4), new Block(4, 1));
    }
    expect(errorOf(() => load(new Wide(), 'stages.weights.h5')).message).toMatch(/missing: /);
  });

  it('are found by their groups', async () => {
    const layers = { 'layers.conv2d': 'stem', 'layers.conv2d_1': 'proj' };
    const model = new Attributes();
    load(model, 'attributes.weights.h5', {
      epsilon: 0.05,
      layers: { ...layers, 'layers.batch_normalization_1': 'norm' },
    });
    expectClose(await logitsOf(model), golden.array('attributes').values, TOLERANCE, 'logits');
  });
});

describe('a convolution that the file moves otherwise', () => {
  it.each([
    [{ stride: 2 }, /^conv1: strides \[1, 1\] but the model has \[2, 2\]$/],
    [{ padding: 0 }, /^conv1: padding 'same', \[1, 1, 1, 1\] around .* has \[0, 0, 0, 0\]$/],
    [{ padding: 2, dilation: 2 }, /^conv1: dilation_rate \[1, 1\] but the model has \[2, 2\]$/],
  ])('is refused, or reported: %o', (geometry, message) => {
    const { message: thrown } = errorOf(() => load(new Net(3, geometry), 'front.keras'));
    expect(thrown.replace('front.keras: keras: ', '')).toMatch(message);
    const { differing, loaded } = load(new Net(3, geometry), 'front.keras', { strict: false });
    expect(differing).toEqual([expect.stringMatching(message)]);
    expect(loaded).toHaveLength(7);
  });
});

describe("TensorFlow's padding with a stride of 2", () => {
  const make = (): Conv2d => new Conv2d(3, 4, { kernelSize: 3, stride: 2, padding: 1 });
  const settings = { strides: [2, 2], padding: 'same' };

  it('is that of one zero on all sides for odd sizes alone', () => {
    expect(differingGeometry(make(), { settings, inputSize: [65, 33] }, false)).toBeUndefined();
    expect(differingGeometry(make(), { settings, inputSize: [64, 64] }, false)).toBe(
      "padding 'same', [0, 1, 1, 0] around an image of 64 × 64, but the model has [1, 1, 1, 1]",
    );
    expect(differingGeometry(make(), { settings }, false)).toMatch(/around an image of 64 × 64/);
  });

  it('is none for points, and what a layer of its own pads is not known', () => {
    const point = new Conv2d(3, 4, { kernelSize: 1, stride: 2 });
    expect(differingGeometry(point, { settings }, false)).toBeUndefined();
    const valid = { settings: { strides: [2, 2], padding: 'valid' } };
    expect(differingGeometry(make(), valid, true)).toBeUndefined();
    expect(differingGeometry(make(), valid, false)).toMatch(/^padding 'valid', \[0, 0, 0, 0\]/);
  });
});

describe('weights that HDF5 stores otherwise', () => {
  it.each([
    ['deflated', 0],
    ['latest', 0],
    ['half', 2 ** -11],
    ['bfloat', 2 ** -8],
  ])('%s', (name, rounding) => {
    const [model, other] = [new Net(), new Net()];
    load(model, 'front.weights.h5');
    load(other, `${name}.weights.h5`);
    for (const [key, tensor] of model.stateDict()) {
      if (tensor.dtype === 'i32') continue;
      const [values, others] = [tensor.data(), other.stateDict().get(key)!.data()];
      values.forEach((value, i) => {
        expect(Math.abs(others[i]! - value)).toBeLessThanOrEqual(rounding * Math.abs(value));
      });
    }
  });

  it('are one error when two layers are one module', () => {
    const error = errorOf(() =>
      load(new Net(), 'attributes.weights.h5', { layers: () => 'conv1', strict: false }),
    );
    expect(error).toBeInstanceOf(StateDictError);
    expect(error.message).toMatch(/ are both conv1 but it takes one$/);
  });
});

describe('bytes of a Buffer, at any place in its memory', () => {
  it.each(['front.keras', 'front.weights.h5', 'transfer.h5', 'fortran.npz'])('%s', (file) => {
    const bytes = read(file);
    const pool = Buffer.alloc(bytes.length + 3);
    pool.set(bytes, 3);
    const [plain, pooled] = [bytes, pool.subarray(3)].map((given) => {
      const model = file === 'fortran.npz' ? new Attributes() : new Net();
      loadKerasWeights(model, given, { name: file });
      return [...model.stateDict().values()].map((tensor) => [...tensor.data()]);
    });
    expect(pooled).toEqual(plain);
  });
});

describe('an array in the order of columns', () => {
  it('is turned', () => {
    const text = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 2), }";
    const header = `${text.padEnd(117)}\n`;
    const values = Float32Array.from({ length: 12 }, (_, index) => index);
    const bytes = new Uint8Array(128 + values.byteLength);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    bytes.set(new TextEncoder().encode(header), 10);
    bytes.set(new Uint8Array(values.buffer), 128);
    // numpy.arange(12).reshape((2, 3, 2), order='F').ravel()
    const rows = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
    expect(readNpy(bytes, 'a')).toEqual({ shape: [2, 3, 2], data: Float32Array.from(rows) });
  });
});
