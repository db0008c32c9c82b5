import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { DATASETS } from '../../ts/data/catalog.ts';
import { cifarDataset } from '../../ts/data/cifar.ts';
import { idxDataset } from '../../ts/data/idxDataset.ts';
import { cifarRecords } from '../../ts/data/node/cifarPython.ts';
import { readIdxFile } from '../../ts/data/node/readIdxFile.ts';
import { FormatError } from '../../ts/base/errors.ts';
import { pngTools } from '../../ts/io/node/pngTools.ts';
import { crc32 } from '../../ts/io/crc32.ts';
import { decodePng, decodePngBy } from '../../ts/io/png.ts';
import { RandomStream } from '../../ts/base/random.ts';
import { checkpointFacts } from '../../ts/train/checkpoint.ts';
import { readRecords } from '../../ts/train/node/metricsLog.ts';
import { idxFile, randomBytes } from './generated.ts';
import { readGoldenJson } from '../golden/readGolden.ts';
import { corrupt } from '../helpers/corrupt.ts';

/** Files of each format; more by `RESIDUA_FILES=5000`, and one seed again by `RESIDUA_SEED`. */
const FILES = Number(process.env['RESIDUA_FILES'] ?? 1000);
const SEED = Number(process.env['RESIDUA_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
/** Memory that all files of a format may add; a file that unpacks to more would show. */
const MOST_GROWTH = 400 * 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), 'residua-corrupted-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
const pngs = readGoldenJson<{ cases: { png: string }[] }>('pictures/pngKinds.json').cases.map(
  ({ png }) => bytesOf(png),
);
const batches = readGoldenJson<{ cases: { gzippedPickle: string }[] }>(
  'pictures/cifarPython.json',
).cases.map(({ gzippedPickle }) => Uint8Array.from(gunzipSync(bytesOf(gzippedPickle))));
const images = idxFile([3, 28, 28], randomBytes(3 * 784));
const labels = idxFile([3], Uint8Array.of(5, 0, 4));
const facts = JSON.stringify({
  version: 1,
  step: 4,
  model: 'resnet8',
  modelOptions: { numClasses: 10, inChannels: 1, stem: 'cifar' },
  data: DATASETS.mnist,
  seed: 1,
  settings: {},
});
const metrics =
  '{"kind":"step","step":1,"epoch":0,"loss":2.3,"accuracy":0.1,"learningRate":0.1,"milliseconds":3,"gradientNorms":{"a":1}}\n' +
  '{"kind":"epoch","step":1,"epoch":0,"loss":2.3,"accuracy":0.1,"trainSeconds":1,"test":{"loss":1,"accuracy":1,"images":9}}\n';

/** Chunks' sums put right again, so that what is inside them is read. */
function withSums(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at + 12 <= png.length;) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > png.length) break;
    view.setUint32(end, crc32(png.subarray(at + 4, end)));
    at = end + 4;
  }
  return png;
}

const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
const encode = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Format {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  readonly read: (bytes: Uint8Array) => unknown;
}

const formats: readonly Format[] = [
  { name: 'PNG', samples: pngs, read: (bytes) => decodePngBy(pngTools, bytes, 'a') },
  {
    name: 'PNG whose sums are right',
    samples: pngs,
    read: (bytes) => decodePng(withSums(bytes), 'a'),
  },
  {
    name: 'IDX',
    samples: [images],
    read: (bytes) => idxDataset(DATASETS.mnist, { file: 'a', bytes }, { file: 'b', bytes: labels }),
  },
  {
    name: 'gzipped IDX',
    samples: [Uint8Array.from(gzipSync(images))],
    read: async (bytes) => {
      const file = join(folder, 'a.gz');
      writeFileSync(file, bytes);
      const found = await readIdxFile(file);
      return idxDataset(DATASETS.mnist, found, { file: 'b', bytes: labels });
    },
  },
  {
    name: "CIFAR's binary version",
    samples: [
      randomBytes(2 * 3073)
        .fill(3, 0, 1)
        .fill(9, 3073, 3074),
    ],
    read: (bytes) => cifarDataset('cifar10', [{ file: 'a', bytes }]),
  },
  {
    name: "CIFAR's Python version",
    samples: [batches[0]!, batches[2]!],
    read: (bytes) =>
      cifarDataset('cifar10', [
        { file: 'a', bytes: cifarRecords('cifar10', { file: 'a', bytes }) },
      ]),
  },
  {
    name: 'facts of a checkpoint',
    samples: [encode(facts)],
    read: (bytes) =>
      checkpointFacts({ tensors: new Map(), metadata: { residua: text(bytes) } }, 'a'),
  },
  {
    name: 'metrics.jsonl',
    samples: [encode(metrics)],
    read: (bytes) => {
      const file = join(folder, 'metrics.jsonl');
      writeFileSync(file, bytes);
      return readRecords(file);
    },
  },
];

describe.each(formats)('corrupted files: $name', ({ name, samples, read }) => {
  it(
    `are read or refused by a FormatError, ${FILES} of them`,
    async () => {
      console.log(`${name}: RESIDUA_SEED=${SEED} RESIDUA_FILES=${FILES}`);
      const before = process.resourceUsage().maxRSS;
      const outcomes = { read: 0, refused: 0 };
      for (let file = 0; file < FILES; file++) {
        const random = new RandomStream(SEED, `${name} ${file}`);
        const bytes = corrupt(samples[random.below(samples.length)]!, random);
        try {
          await read(bytes);
          outcomes.read++;
        } catch (error) {
          expect(error, `${name} ${file} of seed ${SEED}: ${String(error)}`).toBeInstanceOf(
            FormatError,
          );
          outcomes.refused++;
        }
      }
      expect(outcomes.refused).toBeGreaterThan(FILES / 20);
      expect((process.resourceUsage().maxRSS - before) * 1024).toBeLessThan(MOST_GROWTH);
    },
    60_000 + 30 * FILES,
  );
});
