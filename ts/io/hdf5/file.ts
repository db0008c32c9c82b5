import { textAttribute } from './attributes.ts';
import { Hdf5Bytes } from './bytes.ts';
import { readDatatype, readShape, type Datatype } from './datatype.ts';
import { readLinks } from './links.ts';
import { MESSAGE, readMessages, type Message } from './messages.ts';
import { readValues } from './values.ts';

/** An object of a file: a group or a dataset, with text attributes. */
abstract class Hdf5Object {
  protected readonly bytes: Hdf5Bytes;
  protected readonly messages: readonly Message[];

  constructor(bytes: Hdf5Bytes, messages: readonly Message[]) {
    this.bytes = bytes;
    this.messages = messages;
  }

  /** The text of an attribute; undefined when there is none, or it is no text. */
  text(attribute: string): string | undefined {
    return textAttribute(this.bytes, this.messages, attribute);
  }
}

/** A group: members by name. */
export class Hdf5Group extends Hdf5Object {
  #links: ReadonlyMap<string, number> | undefined;

  get #members(): ReadonlyMap<string, number> {
    return (this.#links ??= readLinks(this.bytes, this.messages));
  }

  /** Names of its members, in their order in the file, which is that of the alphabet. */
  get keys(): readonly string[] {
    return [...this.#members.keys()];
  }

  get(name: string): Hdf5Group | Hdf5Dataset | undefined {
    const address = this.#members.get(name);
    return address === undefined ? undefined : objectAt(this.bytes, address);
  }
}

/** An array, whose values are read when they are asked for. */
export class Hdf5Dataset extends Hdf5Object {
  readonly shape: readonly number[];
  readonly type: Datatype;

  constructor(bytes: Hdf5Bytes, messages: readonly Message[]) {
    super(bytes, messages);
    const message = (wanted: number): Message => {
      const found = messages.find(({ type }) => type === wanted);
      if (!found || found.shared) bytes.fail('a dataset does not state its type and shape itself');
      return found;
    };
    this.shape = readShape(bytes, message(MESSAGE.dataspace).at);
    this.type = readDatatype(bytes, message(MESSAGE.datatype).at);
  }

  /** Its values as they are stored, row-major; at most as many bytes as type and shape say, copied or not. */
  values(): Uint8Array {
    const { shape, messages, type } = this;
    return readValues(this.bytes, { shape, messages, size: type.size });
  }
}

function objectAt(bytes: Hdf5Bytes, address: number): Hdf5Group | Hdf5Dataset {
  const messages = readMessages(bytes, address);
  const isDataset = messages.some(({ type }) => type === MESSAGE.dataspace);
  return new (isDataset ? Hdf5Dataset : Hdf5Group)(bytes, messages);
}

/**
 * Opens an HDF5 file. What is read of the format: superblocks 0 to 3, symbol tables, link messages and dense links, text attributes,
 * arrays in one piece or in chunks by a version 1 tree, deflated and shuffled.
 *
 * Source: The HDF Group's File Format Specification, version 3.0.
 *
 * @throws {FormatError} for a file that is damaged, now or when more of it is read
 */
export function openHdf5(data: Uint8Array, file: string): Hdf5Group {
  const bytes = new Hdf5Bytes(data, file);
  bytes.expect('\x89HDF\r\n\x1a\n', 0);
  const version = bytes.u8(8);
  if (version > 3) bytes.fail(`its superblock is of version ${version}`);
  const isOld = version < 2;
  const sizesAt = isOld ? 13 : 9;
  if (bytes.u8(sizesAt) !== 8 || bytes.u8(sizesAt + 1) !== 8) {
    bytes.fail(`its addresses have ${bytes.u8(sizesAt)} bytes but 8 are read`);
  }
  const baseAt = isOld ? 24 + 4 * version : 12;
  if (bytes.u64(baseAt) !== 0) bytes.fail(`begins at ${bytes.u64(baseAt)} of another file`);
  const root = objectAt(bytes, bytes.u64(isOld ? baseAt + 40 : 36));
  if (root instanceof Hdf5Group) return root;
  return bytes.fail('its root is an array');
}
