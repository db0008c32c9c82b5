/** Trains in a worker, so that the page stays responsive, and tells the page how it goes. */
import {
  init,
  models,
  normalise,
  oneCycleSchedule,
  Predictor,
  SGD,
  slice,
  Trainer,
  type Engine,
  type ImageDataset,
  type StepReport,
} from '../ts/index.ts';
import { fetchMnist } from './fetchMnist.ts';
import type { Answer, Request, Settings } from './messages.ts';
import { Reader } from './reader.ts';

const TEST_IMAGES = 10_000;
const SHOWN_DIGITS = 24;
const PREDICT_EVERY_MS = 400;
/** Time over which images per second are averaged. */
const RATE_WINDOW_MS = 1_500;
const SEED = 1;
const PEAK_LR = 0.1;
const AUGMENT = { crop: 2 };

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Request>) => void;
  postMessage(answer: Answer): void;
};
const tell = (answer: Answer): void => scope.postMessage(answer);

let engine: Engine | undefined;
let running: AbortController | undefined;
/** Frees the network of the last run, which reads drawings until the next. */
let forget = (): void => undefined;
const reader = new Reader(tell);

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case 'start':
      if (!running) void start(data.settings);
      return;
    case 'stop':
      return running?.abort();
    case 'drawing':
      reader.take(data.image);
      return readSoon();
    case 'file':
      return void reader.takeFile(data.bytes, data.name).then(readSoon);
  }
};

/** While a network trains, drawings are read between its steps. */
function readSoon(): void {
  if (!running) void reader.read().catch(fail);
}

async function start(settings: Settings): Promise<void> {
  running = new AbortController();
  try {
    await run(settings, running.signal);
  } catch (error) {
    fail(error);
  } finally {
    running = undefined;
  }
  readSoon();
}

function fail(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

async function run(settings: Settings, signal: AbortSignal): Promise<void> {
  tell({ kind: 'state', text: 'Loading the WASM kernels and the images …' });
  engine ??= await init();
  const { build, threads } = engine;
  tell({ kind: 'engine', build, threads, isolated: globalThis.crossOriginIsolated });
  const [training, test] = await Promise.all([
    fetchMnist('train', settings.images),
    fetchMnist('test', TEST_IMAGES),
  ]);
  const digits = slice(test, 0, SHOWN_DIGITS);
  tell({ kind: 'digits', pixels: digits.images.slice(), labels: Uint8Array.from(digits.labels) });
  tell({ kind: 'state', text: 'Compiling the training step …' });

  forget();
  const model = models[settings.model]!({ inChannels: 1, numClasses: 10, seed: SEED });
  const optimizer = new SGD(model.parameters(), {
    lr: PEAK_LR,
    momentum: 0.9,
    nesterov: true,
    weightDecay: 5e-4,
  });
  const trainer = new Trainer(model, { optimizer, schedule: oneCycleSchedule(PEAK_LR) });
  const predictor = new Predictor(model);
  reader.predictor = predictor;
  forget = () => {
    reader.predictor = undefined;
    predictor.dispose();
    model.dispose();
    forget = () => undefined;
  };
  try {
    await train(trainer, predictor, settings, { training, test, digits }, signal);
  } catch (error) {
    forget();
    throw error;
  } finally {
    trainer.dispose();
    optimizer.dispose();
  }
}

interface Data {
  readonly training: ImageDataset;
  readonly test: ImageDataset;
  readonly digits: ImageDataset;
}

async function train(
  trainer: Trainer,
  predictor: Predictor,
  settings: Settings,
  { training, test, digits }: Data,
  signal: AbortSignal,
): Promise<void> {
  const { batchSize, epochs } = settings;
  const { peakBytes } = trainer.plan([batchSize, training.height, training.width, 1]);
  tell({ kind: 'plan', peakBytes, steps: epochs * Math.ceil(training.count / batchSize) });

  const pixels = normalise(digits.images, digits);
  const predict = async (): Promise<void> => {
    const shape = [digits.count, digits.height, digits.width, 1];
    tell({ kind: 'predictions', probabilities: await predictor.probabilities(pixels, shape) });
  };
  const rate = new Rate();
  const started = performance.now();
  let shown = started;
  const onStep = async (report: StepReport): Promise<void> => {
    tell({ kind: 'step', report, imagesPerSecond: rate.add(report.images) });
    await reader.read();
    if (performance.now() - shown < PREDICT_EVERY_MS) return;
    await predict();
    shown = performance.now();
  };
  const fit = await trainer.fit(training, {
    batchSize,
    epochs,
    seed: SEED,
    augment: AUGMENT,
    signal,
    onStep,
  });
  const seconds = (performance.now() - started) / 1000;
  await predict();
  if (fit.aborted) return tell({ kind: 'stopped', step: fit.steps });

  const onBatch = (done: number, all: number): void => tell({ kind: 'evaluating', done, all });
  try {
    const { accuracy, images } = await trainer.evaluate(test, { signal, onBatch });
    const imagesPerSecond = (epochs * training.count) / seconds;
    tell({ kind: 'done', testAccuracy: accuracy, testImages: images, imagesPerSecond, seconds });
  } catch (error) {
    if (!signal.aborted) throw error;
    tell({ kind: 'stopped', step: fit.steps });
  }
}

/** Images per second over the last moments. */
class Rate {
  readonly #marks = [{ time: performance.now(), images: 0 }];

  /** Counts the images of a step that has just ended. */
  add(images: number): number {
    const marks = this.#marks;
    const now = { time: performance.now(), images: marks.at(-1)!.images + images };
    marks.push(now);
    while (marks.length > 2 && now.time - marks[0]!.time > RATE_WINDOW_MS) marks.shift();
    return (1000 * (now.images - marks[0]!.images)) / (now.time - marks[0]!.time);
  }
}
