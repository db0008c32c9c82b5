import { basename, dirname, join } from 'node:path';
import type { Module } from '../../nn/module.ts';
import { serializeSafetensors, type Safetensors } from '../safetensors.ts';
import { openSafetensors } from '../safetensors/open.ts';
import { joinShards, splitShards, storedBytes } from '../shards.ts';
import {
  loadWeights,
  saveWeights,
  type LoadWeightsOptions,
  type SaveWeightsOptions,
  type WeightsReport,
} from '../weights.ts';
import { openFile } from './fileStore.ts';
import { readFile } from './readFile.ts';
import { writeAtomic } from './writeAtomic.ts';

/** How {@link writeTensors} writes. */
export interface WriteTensorsOptions {
  /** Bytes of data that a file may hold before they are spread over several; no limit by default. */
  readonly maxShardBytes?: number;
}

/**
 * Reads a safetensors file, or all files of an index `….safetensors.index.json`. Of large files only the headers: the values
 * of a tensor are read when its `data` is asked for, or by the network that it is loaded into, when that needs them. Until
 * then the file must not be written to; it may be replaced.
 *
 * @throws {FormatError} for a file that is not what it claims to be
 * @throws {Error} for a file that cannot be read
 */
export async function readTensors(path: string): Promise<Safetensors> {
  if (!path.endsWith('.json')) return openSafetensors(openFile(path));
  const text = new TextDecoder().decode(await readFile(path));
  // What is inside a shard is said of its name alone, as the index has it.
  return joinShards(text, path, (file) =>
    Promise.resolve(openSafetensors(openFile(join(dirname(path), file), file))),
  );
}

/**
 * Writes a safetensors file, in one piece; or, where they are too large for one, several files and last their index
 * `….safetensors.index.json`.
 *
 * @returns the file to read them from: the path, or that of the index
 * @throws {Error} naming the path and the cause
 */
export async function writeTensors(
  path: string,
  contents: Safetensors,
  { maxShardBytes = Infinity }: WriteTensorsOptions = {},
): Promise<string> {
  const total = [...contents.tensors.values()].reduce(
    (sum, tensor) => sum + storedBytes(tensor),
    0,
  );
  if (total <= maxShardBytes) {
    await writeAtomic(path, serializeSafetensors(contents.tensors, contents.metadata));
    return path;
  }
  const name = basename(path).replace(/\.safetensors$/, '');
  const { index, files } = splitShards(contents, name, maxShardBytes);
  for (const [file, { tensors, metadata }] of files) {
    await writeAtomic(join(dirname(path), file), serializeSafetensors(tensors, metadata));
  }
  const indexPath = join(dirname(path), `${name}.safetensors.index.json`);
  await writeAtomic(indexPath, index);
  return indexPath;
}

/**
 * Takes a network's weights from a file, or from the files of an index; nothing changes unless everything fits.
 *
 * @throws {FormatError} for a file that is not what it claims to be
 * @throws {StateDictError} for one that does not fit the network
 * @example
 * import { resnet8 } from 'residua';
 * import { loadWeightsFile, saveWeightsFile } from 'residua/node';
 *
 * await saveWeightsFile(resnet8({ seed: 1 }), 'resnet8.safetensors');
 * const model = resnet8();
 * await loadWeightsFile(model, 'resnet8.safetensors');
 */
export async function loadWeightsFile(
  model: Module,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<WeightsReport> {
  const { tensors } = await readTensors(path);
  return loadWeights(model, tensors, { name: path, ...options });
}

/**
 * Writes a network's weights and statistics so that torch loads them with `strict=True`.
 *
 * @returns the file to load them from: the path, or that of the index
 */
export async function saveWeightsFile(
  model: Module,
  path: string,
  options: SaveWeightsOptions & WriteTensorsOptions = {},
): Promise<string> {
  return writeTensors(path, saveWeights(model, options), options);
}
