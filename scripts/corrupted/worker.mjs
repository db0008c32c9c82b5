// Reads damaged files one after another; the thread that started it watches how far it is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import * as keras from '../../dist/keras.js';
import * as library from '../../dist/index.js';
import * as node from '../../dist/node.js';
import { formats } from './formats.mjs';
import { Random } from './random.mjs';

const { format, seed, first, end, progress } = workerData;
const EXPECTED = new Set(['FormatError', 'StateDictError']);

/** A network that Keras's files are loaded into, as it was before each. */
function makeNetwork() {
  const { Sequential, Conv2d, BatchNorm2d, Linear } = library;
  const model = new Sequential({
    conv1: new Conv2d(3, 4, { kernelSize: 3, padding: 1, bias: false }),
    bn1: new BatchNorm2d(4),
    fc: new Linear(4, 3),
  });
  const weights = [...model.stateDict().values()].map((tensor) => [tensor, tensor.data().slice()]);
  let turns = 0;
  return {
    model,
    turn: () => turns++ % 2 === 0,
    sum: () => weights.map(([tensor]) => tensor.data().join()).join(),
    reset: () => weights.forEach(([tensor, data]) => tensor.write(data)),
  };
}

/** What is wrong with how a file was refused; undefined when nothing is. */
function fault(error) {
  if (!(error instanceof Error)) return `throws ${String(error)}`;
  if (!EXPECTED.has(error.name)) return `throws ${error.stack}`;
  return /^[^\n]{1,1000}$/.test(error.message)
    ? undefined
    : `says ${JSON.stringify(error.message)}`;
}

const folder = mkdtempSync(join(tmpdir(), 'residua-corrupted-'));
await library.init({ threads: 1, numerics: 'strict' });
const context = { library, keras, node, folder, network: makeNetwork() };
const { make, read } = formats[format]();
let taken = 0;
for (let index = first; index < end; index++) {
  const bytes = make(new Random(`${seed}/${format}/${index}`));
  // From here on the file is being read.
  Atomics.store(progress, 0, index + 1);
  try {
    await read(bytes, 'a file', context);
    taken++;
  } catch (error) {
    const words = fault(error);
    if (words !== undefined) parentPort.postMessage({ index, words });
  }
}
Atomics.store(progress, 0, end + 1);
library.currentEngine().close();
rmSync(folder, { recursive: true });
parentPort.postMessage({ taken });
