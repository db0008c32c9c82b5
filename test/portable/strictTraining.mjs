// A small training that must give the same bits in every runtime, for any number of threads, in strict numerics.
// Plain JavaScript over the package's public names, so that Node, Deno and a page run the very same file.

const STEPS = 10;
const BATCH = 32;
const SIDE = 28;
const CLASSES = 10;
/** Pictures are of blocks of so many pixels a side. */
const BLOCK = 7;
const BLOCKS = SIDE / BLOCK;

/** Noisy pictures, a pattern of blocks for each class, by integer arithmetic alone. */
function generatedImages(imageDataset) {
  const count = 100;
  const images = new Uint8Array(count * SIDE * SIDE);
  const labels = new Uint8Array(count);
  let word = 1;
  const next = () => (word = (Math.imul(word, 1664525) + 1013904223) >>> 0);
  const patterns = Uint8Array.from({ length: CLASSES * BLOCKS * BLOCKS }, () => next() >>> 24);
  for (let n = 0; n < count; n++) {
    labels[n] = (next() >>> 16) % CLASSES;
    const pattern = patterns.subarray(labels[n] * BLOCKS * BLOCKS);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const block = Math.floor(row / BLOCK) * BLOCKS + Math.floor(column / BLOCK);
        const pixel = (n * SIDE + row) * SIDE + column;
        images[pixel] = (3 * pattern[block] + (next() >>> 24)) >> 2;
      }
    }
  }
  const classes = Array.from({ length: CLASSES }, (_, digit) => String(digit));
  return imageDataset({
    name: 'generated',
    images,
    labels,
    height: SIDE,
    width: SIDE,
    channels: 1,
    classes,
    mean: [0.5],
    std: [0.25],
  });
}

/** FNV-1a over the bytes of all weights and statistics. */
function hashOfState(model) {
  let hash = 0x811c9dc5;
  for (const tensor of model.stateDict().values()) {
    for (const byte of new Uint8Array(tensor.data().buffer))
      hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/**
 * Ten steps of ResNet-8, with an epoch's shorter last batch among them, crops and a schedule; then the probabilities of
 * four pictures, eager and compiled.
 *
 * @param {typeof import('../../ts/index.ts')} residua the package's core
 * @param {{ threads?: number, numerics?: 'strict' | 'fast' }} options
 */
export async function strictTraining(residua, { threads = 1, numerics = 'strict' } = {}) {
  const engine = await residua.init({ threads, numerics, warn: () => {} });
  const data = generatedImages(residua.imageDataset);
  const model = residua.resnet8({ inChannels: 1, numClasses: CLASSES, seed: 3 });
  const optimizer = new residua.SGD(model.parameters(), {
    lr: 0.05,
    momentum: 0.9,
    nesterov: true,
  });
  const trainer = new residua.Trainer(model, {
    optimizer,
    schedule: residua.oneCycleSchedule(0.05),
  });
  const losses = [];
  const controller = new AbortController();
  await trainer.fit(data, {
    batchSize: BATCH,
    epochs: 3,
    seed: 5,
    augment: { crop: 2, flip: true },
    signal: controller.signal,
    onStep: ({ step, loss }) => {
      losses.push(loss);
      if (step === STEPS) controller.abort();
    },
  });
  const pixels = residua.normalise(data.images.subarray(0, 4 * SIDE * SIDE), data);
  const shape = [4, SIDE, SIDE, 1];
  const predictor = new residua.Predictor(model);
  const compiled = await predictor.logits(pixels, shape);
  const eager = residua.scope(() =>
    residua.noGrad(() => model.eval().forward(residua.tensor(pixels, shape)).data()),
  );
  const largest = Math.max(...compiled.map(Math.abs));
  const eagerError = Math.max(...compiled.map((value, i) => Math.abs(value - eager[i]))) / largest;
  const result = {
    losses,
    weights: hashOfState(model),
    logits: [...compiled],
    eagerError,
    threads: engine.threads,
    build: engine.build,
  };
  engine.close();
  return result;
}
