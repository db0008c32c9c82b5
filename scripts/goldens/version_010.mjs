// Writes test/golden/version010: a run and a checkpoint as residua 0.1.0 left them, and what 0.1.0 makes of them. Later versions
// must load, predict and resume them alike. The files were written by the code of commit 1885069, Node 20.20.2, seed 1:
//   node scripts/goldens/version_010.mjs path/to/dist/of/0.1.0
// To stay small, weights and moments of matrices are rounded to nine levels or fewer after the run and before what follows.
import { encode } from 'fast-png';
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const dist = resolve(process.argv[2] ?? 'dist');
const to = join(import.meta.dirname, '../../test/golden/version010');
const work = mkdtempSync(join(tmpdir(), 'residua-010-'));
const library = await import(pathToFileURL(join(dist, 'index.js')).href);
const files = await import(pathToFileURL(join(dist, 'node.js')).href);

/** Runs the program of 0.1.0; interrupts it once `until` says so of what it has said. */
function residua(args, until) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(dist, 'cli.js'), ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => {
      stderr += text;
      if (until?.test(stderr)) child.kill('SIGINT');
    });
    child.on('close', (code) =>
      code === 0 || (until && code === 130) ? done(stdout) : fail(new Error(stderr)),
    );
  });
}

/** Rounds all f32 matrices of a safetensors file in place, and SGD's moments. */
function round(path) {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start));
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    if (dtype !== 'F32' || (shape.length < 2 && !name.endsWith('.momentum'))) continue;
    const [begin, end] = offsets.map((offset) => start + offset);
    let most = 0;
    for (let at = begin; at < end; at += 4) most = Math.max(most, Math.abs(bytes.readFloatLE(at)));
    const step = most / (name.endsWith('.momentum') ? 1 : 4);
    for (let at = begin; at < end; at += 4)
      bytes.writeFloatLE(Math.round(bytes.readFloatLE(at) / step) * step, at);
  }
  writeFileSync(path, bytes);
}

/** 28² pixels of a test digit of MNIST, and the same as a PNG file. */
async function digit(index) {
  const { images } = await files.loadDataset('mnist', { split: 'test', limit: index + 1 });
  const pixels = images.slice(784 * index, 784 * (index + 1));
  return { pixels, png: encode({ width: 28, height: 28, channels: 1, depth: 8, data: pixels }) };
}

async function goldenRun() {
  const run = join(work, 'run');
  const flags =
    '--model resnet8 --data mnist --limit 1024 --test-limit 200 --batch 64 --epochs 3 --seed 1';
  const fixed = ['--threads', '1', '--numerics', 'strict', '--json'];
  await residua(['train', ...flags.split(' '), ...fixed, '--out', run], /epoch 2\/3/);
  round(join(run, 'checkpoint.safetensors'));
  const kept = join(to, 'run');
  mkdirSync(kept);
  for (const name of ['config.json', 'metrics.jsonl', 'result.json'])
    cpSync(join(run, name), join(kept, name));
  pack(join(run, 'checkpoint.safetensors'), join(kept, 'checkpoint.safetensors.br'));
  const picture = join(work, 'digit.png');
  writeFileSync(picture, (await digit(3)).png);
  const evaluation = JSON.parse(await residua(['eval', run, ...fixed]));
  const [{ classes }] = JSON.parse(await residua(['predict', picture, '--run', run, ...fixed]));
  const { step } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8'));
  const resumed = JSON.parse(
    await residua(['train', '--resume', run, '--threads', '1', '--json', '--out', join(work, 'b')]),
  );
  const records = readFileSync(join(work, 'b', 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const losses = records.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'step');
  const { testLoss, testAccuracy } = resumed;
  return {
    evaluation: { testLoss: evaluation.testLoss, testAccuracy: evaluation.testAccuracy },
    digit: 3,
    classes,
    step,
    losses: losses.map((record) => record.loss),
    testLoss,
    testAccuracy,
  };
}

function pack(from, path) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  writeFileSync(path, brotliCompressSync(readFileSync(from), { params }));
}

/** A network of the caller's own, with all kinds of state, for the library's functions. */
function ownTrainer() {
  const { Sequential, Conv2d, BatchNorm2d, ReLU, Dropout, Flatten, Linear } = library;
  library.manualSeed(1);
  const model = new Sequential({
    conv: new Conv2d(1, 6, { kernelSize: 3, padding: 1, stride: 4, bias: false }),
    bn: new BatchNorm2d(6),
    relu: new ReLU(),
    dropout: new Dropout(0.25),
    flatten: new Flatten(),
    fc: new Linear(294, 10, { flattened: [7, 7, 6] }),
  });
  model.name();
  const optimizer = new library.AdamW(model.parameters());
  return new library.Trainer(model, { optimizer, schedule: library.cosineSchedule(0.01) });
}

async function fit(trainer, data, end) {
  const stop = new AbortController();
  const losses = [];
  await trainer.fit(data, {
    epochs: 2,
    batchSize: 32,
    seed: 1,
    augment: { crop: 1 },
    signal: stop.signal,
    onStep({ step, loss }) {
      losses.push(loss);
      if (step === end) stop.abort();
    },
  });
  return losses;
}

async function goldenCheckpoint() {
  await library.init({ threads: 1, numerics: 'strict' });
  const data = await files.loadDataset('mnist', { split: 'train', limit: 256 });
  const test = await files.loadDataset('mnist', { split: 'test', limit: 100 });
  const { name, height, width, channels, classes, mean, std } = data;
  const trainer = ownTrainer();
  await fit(trainer, data, 10);
  const path = join(work, 'own.safetensors');
  await files.saveCheckpoint(path, trainer, {
    model: 'own',
    modelOptions: {},
    data: { name, height, width, channels, classes, mean, std },
    seed: 1,
    settings: { note: 'kept' },
  });
  cpSync(path, join(to, 'own.safetensors'));
  const resumed = ownTrainer();
  library.restoreCheckpoint(resumed, await files.loadCheckpoint(path), path);
  const { loss, accuracy } = await resumed.evaluate(test);
  const losses = await fit(resumed, data, Infinity);
  const after = await resumed.evaluate(test);
  library.currentEngine().close();
  return {
    evaluation: { loss, accuracy },
    step: 10,
    losses,
    after: { loss: after.loss, accuracy: after.accuracy },
  };
}

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
const expected = {
  version: '0.1.0',
  commit: '1885069',
  seed: 1,
  run: await goldenRun(),
  own: await goldenCheckpoint(),
};
writeFileSync(join(to, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
rmSync(work, { recursive: true });
process.stdout.write(`${readdirSync(to, { recursive: true }).join('\n')}\n`);
