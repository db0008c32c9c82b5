import { encode } from 'fast-png';
import { gzipSync, strFromU8, strToU8, unzipSync, zipSync, zlibSync } from 'fflate';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, brotliDecompressSync } from 'node:zlib';
import { corrupt, corruptText } from './corrupt.mjs';

const golden = (path) =>
  new Uint8Array(readFileSync(new URL(`../../test/golden/${path}`, import.meta.url)));

/** A safetensors file in two parts, and back. */
function splitHeader(bytes) {
  const end = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return { text: strFromU8(bytes.subarray(8, end)), data: bytes.subarray(end) };
}
function joinHeader(text, data) {
  const header = strToU8(text);
  const bytes = new Uint8Array(8 + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set(data, 8 + header.length);
  return bytes;
}

const namesOf = (tensors) =>
  [...tensors].reduce((sum, [name, { data }]) => sum + name.length + data.length, 0);

function safetensors() {
  const intact = [golden('safetensorsPython.safetensors'), golden('safetensorsTypes.safetensors')];
  return {
    make(random) {
      const bytes = random.of(intact);
      if (random.below(3) === 0) return corrupt(random, bytes);
      const { text, data } = splitHeader(bytes);
      return joinHeader(corruptText(random, text), random.below(3) ? data : corrupt(random, data));
    },
    read(bytes, file, { library }) {
      namesOf(library.parseSafetensors(bytes, file).tensors);
    },
  };
}

function checkpoint() {
  const intact = Uint8Array.from(
    brotliDecompressSync(golden('version010/run/checkpoint.safetensors.br')),
  );
  const { text, data } = splitHeader(intact);
  const header = JSON.parse(text);
  return {
    make(random) {
      if (random.below(4) === 0) return corrupt(random, intact);
      const changed = JSON.parse(JSON.stringify(header));
      const facts = changed.__metadata__;
      if (random.below(3)) facts.residua = corruptText(random, facts.residua);
      const json = JSON.stringify(changed);
      return joinHeader(random.below(3) ? json : corruptText(random, json), data);
    },
    read(bytes, file, { library }) {
      const contents = library.parseSafetensors(bytes, file);
      library.checkpointFacts(contents, file);
      library.modelOfCheckpoint(contents, file).dispose();
    },
  };
}

/** Archives are damaged as they are, or inside, and packed again with sums that fit. */
function keras(names, inner) {
  const intact = names.map((name) => golden(name));
  return {
    make(random) {
      const bytes = random.of(intact);
      if (!inner || random.below(3) === 0) return corrupt(random, bytes);
      const files = unzipSync(bytes);
      const name = random.of(Object.keys(files));
      files[name] = name.endsWith('.json')
        ? strToU8(corruptText(random, strFromU8(files[name])))
        : corrupt(random, files[name]);
      return zipSync(files, { level: random.of([0, 6]) });
    },
    read(bytes, file, { keras: { loadKerasWeights }, network }) {
      const before = network.sum();
      try {
        loadKerasWeights(network.model, bytes, { name: file, strict: network.turn() });
      } catch (error) {
        if (network.sum() === before) throw error;
        throw new Error(`${file}: weights were changed before ${error.message}`, { cause: error });
      } finally {
        network.reset();
      }
    },
  };
}

function idx() {
  const images = new Uint8Array(16 + 28 * 28 * 20);
  const labels = Uint8Array.from({ length: 28 }, (_, i) => (i < 8 ? 0 : i % 10));
  const [imageView, labelView] = [images, labels].map(({ buffer }) => new DataView(buffer));
  [0x803, 20, 28, 28].forEach((word, i) => imageView.setUint32(4 * i, word));
  [0x801, 20].forEach((word, i) => labelView.setUint32(4 * i, word));
  for (let at = 16; at < images.length; at++) images[at] = (at * 7919) & 255;
  return { images, labels };
}

function idxFormat() {
  const { images, labels } = idx();
  return {
    make: (random) => [corrupt(random, images), random.below(2) ? labels : corrupt(random, labels)],
    read([a, b], file, { library }) {
      library.idxDataset(library.DATASETS.mnist, { file, bytes: a }, { file, bytes: b });
    },
  };
}

function gzip() {
  const { images, labels } = idx();
  const packed = gzipSync(labels);
  return {
    make(random) {
      const inner = random.below(2) ? images : corrupt(random, images);
      const bytes = gzipSync(inner, { level: random.of([0, 6]) });
      return random.below(2) ? bytes : corrupt(random, bytes);
    },
    async read(bytes, file, { node, folder }) {
      writeFileSync(join(folder, 't10k-images-idx3-ubyte.gz'), bytes);
      writeFileSync(join(folder, 't10k-labels-idx1-ubyte.gz'), packed);
      await node.loadDataset('mnist', { directory: folder, split: 'test' });
    },
  };
}

function cifar() {
  const batch = Uint8Array.from({ length: 4 * 3073 }, (_, i) => (i % 3073 ? (i * 31) & 255 : 3));
  return {
    make: (random) => corrupt(random, batch),
    read(bytes, file, { library }) {
      library.cifarDataset('cifar10', [{ file, bytes }]);
    },
  };
}

function png() {
  const pixels = (count) => Uint8Array.from({ length: count }, (_, i) => (i * 37) & 255);
  const intact = [1, 2, 3, 4].map((channels) =>
    encode({ width: 13, height: 9, channels, depth: 8, data: pixels(13 * 9 * channels) }),
  );
  intact.push(
    encode({ width: 13, height: 9, channels: 3, depth: 16, data: Uint16Array.from(pixels(351)) }),
  );
  return {
    make(random) {
      const bytes = random.of(intact);
      if (random.below(3) === 0) return corrupt(random, bytes);
      // A chunk is damaged, and its checksum made to fit.
      const chunks = chunksOf(bytes);
      const chunk = random.of(chunks);
      chunk.data =
        chunk.type === 'IDAT' && random.below(2)
          ? zlibSync(pixels(random.below(2000)))
          : corrupt(random, chunk.data);
      return pngOf(bytes.subarray(0, 8), chunks);
    },
    async read(bytes, file, { node, folder }) {
      const path = join(folder, 'a.png');
      writeFileSync(path, bytes);
      await node.readImage(path);
    },
  };
}

function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = [];
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const type = strFromU8(bytes.subarray(at + 4, at + 8), true);
    chunks.push({ type, data: bytes.slice(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function pngOf(signature, chunks) {
  const parts = chunks.map(({ type, data }) => {
    const part = new Uint8Array(12 + data.length);
    const view = new DataView(part.buffer);
    view.setUint32(0, data.length);
    part.set(strToU8(type, true), 4);
    part.set(data, 8);
    view.setUint32(8 + data.length, crc32(part.subarray(4, 8 + data.length)));
    return part;
  });
  return Uint8Array.from(Buffer.concat([signature, ...parts]));
}

const FILES = 'keras/files';

/** How a damaged file of each format is made from an intact one, and read. */
export const formats = {
  safetensors,
  checkpoint,
  npz: () => keras([`${FILES}/fortran.npz`, 'keras/block.npz'], true),
  keras: () =>
    keras([`${FILES}/front.keras`, `${FILES}/transfer.keras`, `${FILES}/bare.keras`], true),
  hdf5: () =>
    keras(
      [
        'front.weights.h5',
        'deflated.weights.h5',
        'latest.weights.h5',
        'transfer.h5',
        'dense.h5',
      ].map((name) => `${FILES}/${name}`),
      false,
    ),
  idx: idxFormat,
  cifar,
  gzip,
  png,
};
