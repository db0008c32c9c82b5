import type { Hdf5Bytes } from './bytes.ts';

/** What object headers say, by number. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
} as const;

/** A message of an object header. */
export interface Message {
  readonly type: number;
  /** Where its body begins. */
  readonly at: number;
  readonly size: number;
  /** Whether the body lies elsewhere. */
  readonly shared: boolean;
}

/** Messages of the object header at an address, of either version; those of continued headers with them. */
export function readMessages(bytes: Hdf5Bytes, address: number): Message[] {
  bytes.spend();
  return bytes.u8(address) === 1 ? version1(bytes, address) : version2(bytes, address);
}

interface Block {
  readonly begin: number;
  readonly end: number;
}

function version1(bytes: Hdf5Bytes, address: number): Message[] {
  const count = bytes.u16(address + 2);
  const blocks: Block[] = [{ begin: address + 16, end: address + 16 + bytes.u32(address + 8) }];
  const messages: Message[] = [];
  for (const { begin, end } of blocks) {
    for (let at = begin; at + 8 <= end && messages.length < count;) {
      const message = {
        type: bytes.u16(at),
        at: at + 8,
        size: bytes.u16(at + 2),
        shared: (bytes.u8(at + 4) & 2) !== 0,
      };
      at = message.at + message.size;
      add(bytes, messages, message, () => {
        const from = bytes.u64(message.at);
        blocks.push({ begin: from, end: from + bytes.u64(message.at + 8) });
      });
    }
  }
  return messages;
}

function version2(bytes: Hdf5Bytes, address: number): Message[] {
  bytes.expect('OHDR', address);
  const flags = bytes.u8(address + 5);
  const sizeAt = address + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeBytes = 1 << (flags & 3);
  const start = sizeAt + sizeBytes;
  const blocks: Block[] = [{ begin: start, end: start + bytes.uint(sizeAt, sizeBytes) }];
  const headBytes = flags & 4 ? 6 : 4;
  const messages: Message[] = [];
  for (const { begin, end } of blocks) {
    for (let at = begin; at + headBytes <= end;) {
      const message = {
        type: bytes.u8(at),
        at: at + headBytes,
        size: bytes.u16(at + 1),
        shared: (bytes.u8(at + 3) & 2) !== 0,
      };
      at = message.at + message.size;
      add(bytes, messages, message, () => {
        const from = bytes.u64(message.at);
        bytes.expect('OCHK', from);
        // A checksum ends the block.
        blocks.push({ begin: from + 4, end: from + bytes.u64(message.at + 8) - 4 });
      });
    }
  }
  return messages;
}

function add(bytes: Hdf5Bytes, messages: Message[], message: Message, go: () => void): void {
  bytes.spend();
  bytes.slice(message.at, message.size);
  messages.push(message);
  if (message.type === MESSAGE.continuation) go();
}
