import { unzipSync } from 'fflate';
import { FormatError } from '../../errors.ts';
import { configuredLayers } from './config.ts';
import { readHdf5 } from './hdf5.ts';
import type { KerasLayers } from './layers.ts';
import { readNpz } from './npz.ts';

const WEIGHTS = 'model.weights.h5';
const CONFIG = 'config.json';

/**
 * Layers of a Keras file of any kind: `.keras`, `.weights.h5`, `.h5` or `.npz`, told apart by their contents.
 *
 * @throws {FormatError} for a file that is damaged or holds something else
 */
export function readKerasLayers(bytes: Uint8Array, file: string): KerasLayers {
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic === '\x89HDF') return readHdf5(bytes, file);
  if (magic !== 'PK\x03\x04') {
    throw new FormatError(
      `${file}: keras: begins with ${JSON.stringify(magic)} but must be HDF5 or a zip archive`,
    );
  }
  const files = unzip(bytes, file);
  const weights = files[WEIGHTS];
  if (!weights) return readNpz(files, file);
  const config = files[CONFIG];
  const configured = config ? configuredLayers(new TextDecoder().decode(config), file) : [];
  return readHdf5(weights, file, configured);
}

function unzip(bytes: Uint8Array, file: string): Record<string, Uint8Array> {
  try {
    const wanted = (name: string): boolean =>
      name === WEIGHTS || name === CONFIG || name.endsWith('.npy');
    return unzipSync(bytes, { filter: ({ name }) => wanted(name) });
  } catch (cause) {
    throw new FormatError(`${file}: keras: is no zip archive: ${(cause as Error).message}`, {
      cause,
    });
  }
}
