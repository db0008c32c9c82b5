import { FormatError } from '../base/errors.ts';
import { sizeOf } from '../base/shape.ts';
import { jsonKeys } from './jsonKeys.ts';
import { parseSafetensors, type Safetensors, type SafetensorsTensor } from './safetensors.ts';
import { isObject, show } from './safetensors/json.ts';
import { bitsOf } from './safetensors/storage.ts';

/** Tensors spread over several files, and the text of the index that says which is where. */
export interface Shards {
  readonly index: string;
  /** By file name; each holds the metadata of the whole. */
  readonly files: ReadonlyMap<string, Safetensors>;
}

/**
 * Spreads tensors over files of at most `maxBytes` of data each (one that is larger has a file of its own), in their
 * order, as Hugging Face's libraries do.
 *
 * @param name beginning of the files' names: `model` gives `model-00001-of-00003.safetensors`
 * @throws {RangeError} unless maxBytes is above 0
 */
export function splitShards(contents: Safetensors, name: string, maxBytes: number): Shards {
  if (!(maxBytes > 0)) {
    throw new RangeError(`${name}: split: maxBytes is ${maxBytes} but must be above 0`);
  }
  const parts: Map<string, SafetensorsTensor>[] = [];
  let [room, total] = [0, 0];
  for (const [key, tensor] of contents.tensors) {
    const bytes = storedBytes(tensor);
    if (parts.length === 0 || bytes > room) {
      parts.push(new Map());
      room = maxBytes;
    }
    parts.at(-1)!.set(key, tensor);
    room -= bytes;
    total += bytes;
  }
  const number = (value: number): string => String(value).padStart(5, '0');
  const fileOf = (part: number): string =>
    `${name}-${number(part + 1)}-of-${number(parts.length)}.safetensors`;
  const { metadata } = contents;
  const weightMap = parts.flatMap((tensors, part) =>
    [...tensors.keys()].map((key) => [key, fileOf(part)] as const),
  );
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
  return {
    index: `${JSON.stringify(index, undefined, 2)}\n`,
    files: new Map(parts.map((tensors, part) => [fileOf(part), { tensors, metadata }])),
  };
}

/** Bytes of a tensor in a file. */
export function storedBytes({ dtype, shape }: SafetensorsTensor): number {
  return (bitsOf(dtype) * sizeOf(shape)) / 8;
}

/**
 * Reads the tensors that an index names from its files, each read once.
 *
 * @param name what errors call the index
 * @param read gives the bytes of a file beside the index
 * @throws {FormatError} for an index that is none, that leads to another folder, or that its files do not bear out
 */
export function readShards(
  index: string,
  name: string,
  read: (file: string) => Promise<Uint8Array>,
): Promise<Safetensors> {
  return joinShards(index, name, async (file) => parseSafetensors(await read(file), file));
}

/** {@link readShards} with files that are parsed already, or opened. */
export async function joinShards(
  index: string,
  name: string,
  open: (file: string) => Promise<Safetensors>,
): Promise<Safetensors> {
  const places = parseIndex(index, name);
  const tensors = new Map<string, SafetensorsTensor>();
  let metadata: Record<string, string> = {};
  for (const file of new Set(places.values())) {
    const shard = await open(file);
    metadata = { ...metadata, ...shard.metadata };
    for (const [key, tensor] of shard.tensors) {
      if (places.get(key) !== file) {
        const said = places.has(key) ? `in ${places.get(key)}` : 'nowhere';
        throw new FormatError(
          `${name}: index: tensor ${show(key)} is in ${file} but the index has it ${said}`,
        );
      }
      tensors.set(key, tensor);
    }
  }
  for (const [key, file] of places) {
    if (!tensors.has(key)) {
      throw new FormatError(`${name}: index: tensor ${show(key)} is not in ${file}`);
    }
  }
  return { tensors, metadata };
}

/** File of each tensor. */
function parseIndex(text: string, name: string): Map<string, string> {
  const place = `${name}: index`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${place}: ${text.length} characters are there but they are not JSON`, {
      cause,
    });
  }
  for (const { key, repeated } of jsonKeys(text)) {
    if (key === '__proto__') throw new FormatError(`${place}: key "__proto__" is not allowed`);
    if (repeated) {
      throw new FormatError(`${place}: key ${show(key)} is there twice but must be unique`);
    }
  }
  const map = isObject(parsed) ? parsed['weight_map'] : undefined;
  if (!isObject(map)) {
    throw new FormatError(`${place}: weight_map is ${show(map)} but must be an object of files`);
  }
  const places = Object.entries(map);
  for (const [key, file] of places) {
    if (typeof file !== 'string' || !/^[^/\\:]+\.safetensors$/.test(file)) {
      throw new FormatError(
        `${place}: ${show(key)} is in ${show(file)} but must be in a .safetensors file beside the index`,
      );
    }
  }
  return new Map(places as [string, string][]);
}
