import { FormatError } from '../../base/errors.ts';
import { foreignFormat } from '../foreignFormat.ts';
import { readHdf5 } from './hdf5.ts';
import type { KerasFile } from './layers.ts';
import { readNpz } from './npz.ts';
import { readZip, type ZipEntry } from './zip.ts';

const WEIGHTS = 'model.weights.h5';
const CONFIG = 'config.json';
/** Configurations of the largest models take some megabytes. */
const MOST_CONFIG_BYTES = 1 << 26;

/**
 * Layers of a Keras file of any kind: `.keras`, `.weights.h5`, `.h5` or `.npz`, told apart by their contents.
 *
 * @param mostBytes that the variables of the network take: no weights are unpacked that are much larger
 * @throws {FormatError} for a file that is damaged or holds something else
 */
export function readKerasFile(given: Uint8Array, file: string, mostBytes: number): KerasFile {
  // A Buffer's `slice` would not copy.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic === '\x89HDF') return readHdf5(bytes, file);
  const foreign = foreignFormat(bytes);
  if (magic !== 'PK\x03\x04') {
    if (foreign) throw new FormatError(`${file}: keras: is ${foreign.what}: ${foreign.advice}`);
    throw new FormatError(
      `${file}: keras: begins with ${JSON.stringify(magic)} but must be HDF5 or a zip archive`,
    );
  }
  const entries = readZip(bytes, file);
  const find = (name: string): ZipEntry | undefined => entries.find((entry) => entry.name === name);
  const weights = find(WEIGHTS);
  if (!weights) {
    const arrays = entries.filter(({ name }) => name.endsWith('.npy'));
    if (arrays.length > 0) return readNpz(arrays, file);
    const what = foreign?.what ?? 'a zip archive';
    throw new FormatError(
      `${file}: keras: is ${what} that holds neither ${WEIGHTS} nor arrays: ` +
        `${entries.length} files${entries[0] ? `, first ${entries[0].name}` : ''}`,
    );
  }
  const config = readWithin(find(CONFIG), MOST_CONFIG_BYTES, file);
  return readHdf5(
    readWithin(weights, mostBytes, file)!,
    file,
    config && new TextDecoder().decode(config),
  );
}

function readWithin(
  entry: ZipEntry | undefined,
  most: number,
  file: string,
): Uint8Array | undefined {
  if (entry && entry.size > most) {
    throw new FormatError(
      `${file}: keras: ${entry.name} unpacks to ${entry.size} bytes but at most ${most} can be used`,
    );
  }
  return entry?.read();
}
