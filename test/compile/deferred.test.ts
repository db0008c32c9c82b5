import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../ts/compile/compile.ts';
import { deferredParameter, tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import type { Batch } from '../../ts/data/loader.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { relu } from '../../ts/functions/relu.ts';
import { resnet8 } from '../../ts/models/cifarResnet.ts';
import { resnet18 } from '../../ts/models/resnetRecipes.ts';
import { Conv2d, manualSeed, withoutInitialWeights } from '../../ts/nn/index.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import type { Shape } from '../../ts/base/shape.ts';
import type { Source } from '../../ts/core/deferred.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { Trainer } from '../../ts/train/trainer.ts';
import { expectSameBits } from '../helpers/close.ts';
import { engineOn } from '../helpers/engines.ts';

const engine = await engineOn('simd', { numerics: 'fast' });
useEngine(engine);
afterAll(() => engine.close());

const ramp = (count: number, scale: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (((i * 7) % 11) - 5) * scale);

class Counted implements Source {
  reads = 0;
  gone = false;
  readonly values: Float32Array;

  constructor(values: Float32Array) {
    this.values = values;
  }

  write: Source['write'] = (on, to) => {
    if (this.gone) throw new Error('source: gone');
    this.reads++;
    on.write(to, this.values);
  };
}

const SHAPE: Shape = [3, 3, 16, 24];
const SIZE = 9 * 16 * 24;
const INPUT = [1, 12, 12, 16];
const image = ramp(12 * 12 * 16, 0.1);

function weight(scale = 0.01): { source: Counted; w: Tensor } {
  const source = new Counted(ramp(SIZE, scale));
  return { source, w: deferredParameter(SHAPE, source) };
}

const plan = (w: Tensor) =>
  compile((x) => relu(conv2d(x, w, { padding: 1 })), [{ shape: INPUT, dtype: 'f32' }], {
    recording: false,
  });

/** What ordinary weights give. */
async function expected(scale = 0.01): Promise<unknown> {
  using w = tensor(ramp(SIZE, scale), SHAPE);
  using ordinary = plan(w);
  return ordinary.run(image);
}

// The engine's own memory for steps and scratch grows once.
beforeAll(async () => {
  await expected();
});

describe('a deferred tensor', () => {
  it('is read without getting memory', () => {
    const used = engine.usedBytes;
    const { source, w } = weight();
    expectSameBits([w.data(), w.data()], [source.values, source.values], 'values');
    const picked = Array.from({ length: SIZE / 24 }, (_, row) => [
      source.values[24 * row + 3]!,
      source.values[24 * row + 20]!,
    ]);
    expect([...w.columns([3, 20])]).toEqual(picked.flat());
    expect(w.deferred).toBe(true);
    expect(engine.usedBytes).toBe(used);
    w.dispose();
    expect(w.disposed).toBe(true);
    expect(() => w.data()).toThrow(/used after dispose/);
  });

  it('is an ordinary one once an op works on it', () => {
    const used = engine.usedBytes;
    const { source, w } = weight();
    const y = relu(w);
    expect(w.deferred).toBe(false);
    source.gone = true;
    expectSameBits([w.data()], [source.values], 'values');
    expect(source.reads).toBe(1);
    y.dispose();
    w.dispose();
    expect(engine.usedBytes).toBe(used);
  });

  it('is an ordinary one once it is written, without having been read', () => {
    const { source, w } = weight();
    const before = w.version;
    w.write(ramp(SIZE, 2));
    expect(w.version).toBeGreaterThan(before);
    expectSameBits([w.data()], [ramp(SIZE, 2)], 'values');
    expect(source.reads).toBe(0);
    w.dispose();
  });

  it('takes another source', () => {
    const { w } = weight();
    const other = new Counted(ramp(SIZE, 3));
    w.take(other);
    expect(w.deferred).toBe(true);
    expectSameBits([w.data()], [other.values], 'deferred');
    const { address } = w.stored.buffer;
    w.take(new Counted(ramp(SIZE, 4)));
    expectSameBits([w.data()], [ramp(SIZE, 4)], 'at once, as it has memory');
    expect(w.stored.buffer.address).toBe(address);
    w.dispose();
  });

  it('stays as it is when its values cannot be had', () => {
    const { source, w } = weight();
    const used = engine.usedBytes;
    source.gone = true;
    for (const use of [() => w.data(), () => relu(w), () => plan(w)])
      expect(use).toThrow('source: gone');
    expect(engine.usedBytes).toBe(used);
    source.gone = false;
    expectSameBits([w.data()], [source.values], 'afterwards');
    w.dispose();
  });
});

describe('a plan', () => {
  it('packs a deferred weight and does not hold it', async () => {
    const { w } = weight();
    const used = engine.usedBytes;
    const made = plan(w);
    expect(made.deferredBytes).toBe(4 * SIZE);
    expect(String(made)).toMatch(/^state 0.014 MB: deferred 0.014 MB$/m);
    expect(await made.run(image)).toEqual(await expected());
    expect(w.deferred).toBe(true);
    made.dispose();
    expect(engine.usedBytes).toBe(used);
    w.dispose();
  });

  it('shares it with others, and with what is written later', async () => {
    const { source, w } = weight();
    const [first, second] = [plan(w), plan(w)];
    const reads = source.reads;
    expect(await first.run(image)).toEqual(await expected());
    expect(await second.run(image)).toEqual(await expected());
    expect(source.reads).toBe(reads);
    for (const scale of [0.03, -0.02]) {
      w.write(ramp(SIZE, scale));
      expect(await first.run(image)).toEqual(await expected(scale));
      expect(await second.run(image)).toEqual(await expected(scale));
    }
    w.take(new Counted(ramp(SIZE, 0.05)));
    expect(await first.run(image)).toEqual(await expected(0.05));
    expect(first.deferredBytes).toBe(0);
    first.dispose();
    second.dispose();
    w.dispose();
  });

  it('packs it again from another source', async () => {
    const { w } = weight();
    using made = plan(w);
    w.take(new Counted(ramp(SIZE, 0.05)));
    expect(await made.run(image)).toEqual(await expected(0.05));
    expect(w.deferred).toBe(true);
    w.dispose();
  });

  it('has the bits of one whose weights are held, in a whole network', async () => {
    const make = () => resnet18({ stem: 'cifar', seed: 3 }).eval();
    const outputs = [];
    for (const held of [true, false]) {
      const model = make();
      if (held) for (const state of model.stateDict().values()) state.write(state.data());
      using made = compile((x) => model.forward(x), [{ shape: [1, 32, 32, 3], dtype: 'f32' }], {
        recording: false,
      });
      expect(made.deferredBytes > 0.9 * made.stateBytes).toBe(!held);
      outputs.push((await made.run(ramp(32 * 32 * 3, 0.1)))[0]!);
      model.dispose();
    }
    expectSameBits([outputs[1]!], [outputs[0]!], 'logits');
  });
});

it('training goes on after inference as if there had been none', async () => {
  const images = ramp(4 * 16 * 16 * 3, 0.1);
  const input = { shape: [4, 16, 16, 3], dtype: 'f32' } as const;
  const batch: Batch = {
    images,
    labels: Int32Array.of(0, 1, 2, 3),
    shape: input.shape,
    indices: Uint32Array.of(0, 1, 2, 3),
    index: 0,
    last: true,
  };
  const losses: number[][] = [];
  for (const inferred of [false, true]) {
    const model = resnet8({ seed: 3 });
    const trainer = new Trainer(model, { optimizer: new SGD(model.parameters(), { lr: 0.01 }) });
    if (inferred) {
      model.eval();
      using made = compile((x) => model.forward(x), [input], { recording: false });
      await made.run(images);
    }
    const found = [];
    for (let step = 0; step < 2; step++) {
      const { loss } = await trainer.trainStep(batch);
      found.push(loss);
    }
    losses.push(found);
    expect([...model.parameters().values()].some(({ deferred }) => deferred)).toBe(false);
    trainer.dispose();
    model.dispose();
  }
  expect(losses[1]).toEqual(losses[0]);
});

describe('WASM memory', () => {
  /** Thirty-two layers of 0.6 MB, packed by Winograd's algorithm four times as large. */
  class Deep {
    readonly layers = Array.from(
      { length: 32 },
      () => new Conv2d(128, 128, { kernelSize: 3, padding: 1, bias: false }),
    );
    readonly forward = (x: Tensor): Tensor =>
      this.layers.reduce((y, layer) => relu(layer.forward(y)), x);
  }

  it.each([false, true])('holds weights once (drawn from a seed: %s)', async (draws) => {
    const own = await engineOn('simd', { numerics: 'fast' });
    useEngine(own);
    manualSeed(1);
    const before = own.memoryBytes - own.freeBytes;
    const model = draws ? new Deep() : withoutInitialWeights(() => new Deep());
    const layer = 4 * 9 * 128 * 128;
    using made = compile(model.forward, [{ shape: [1, 16, 16, 128], dtype: 'f32' }], {
      recording: false,
    });
    expect(made.stateBytes).toBe(32 * layer);
    expect(made.constantBytes).toBeGreaterThan(4 * made.stateBytes);
    expect(made.deferredBytes).toBe(made.stateBytes);
    const most = before + made.constantBytes + layer + made.lowered.bytes.activations + (2 << 20);
    expect(own.memoryBytes).toBeLessThan(most);
    useEngine(engine);
    own.close();
  });
});
