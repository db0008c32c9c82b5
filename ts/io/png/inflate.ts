import { FormatError } from '../../base/errors.ts';

/** Bytes that are handed over at once: what they unpack to must fit into memory. */
const PIECE = 1 << 14;

/**
 * Unpacks the parts of a zlib stream and hands out its bytes as they come, at most `wanted` of them.
 *
 * @returns how many there were
 * @throws {FormatError} for what is no zlib stream
 */
export type Inflate = (
  parts: readonly Uint8Array[],
  wanted: number,
  place: string,
  take: (bytes: Uint8Array) => void,
) => Promise<number>;

/** By the decoder that every runtime has; what follows the bytes that are wanted is not unpacked. */
export const inflate: Inflate = async (parts, wanted, place, take) => {
  const { readable, writable } = new DecompressionStream('deflate');
  const writer = writable.getWriter();
  const reader = readable.getReader();
  // What goes wrong in writing is told by reading, too.
  const written = write(parts, writer).catch(() => undefined);
  let received = 0;
  try {
    while (received < wanted) {
      const { done, value } = await next(reader, place);
      if (done) break;
      take(value.subarray(0, wanted - received));
      received += value.length;
    }
  } finally {
    await Promise.all([
      reader.cancel().catch(() => undefined),
      writer.abort().catch(() => undefined),
    ]);
    await written;
  }
  return Math.min(received, wanted);
};

async function write(
  parts: readonly Uint8Array[],
  writer: WritableStreamDefaultWriter<BufferSource>,
): Promise<void> {
  for (const part of parts) {
    for (let from = 0; from < part.length; from += PIECE) {
      await writer.write(part.slice(from, from + PIECE));
    }
  }
  await writer.close();
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  place: string,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (cause) {
    throw noZlibStream(place, cause);
  }
}

/** The error for data that cannot be unpacked. */
export const noZlibStream = (place: string, cause: unknown): FormatError =>
  new FormatError(`${place}: data: is no whole zlib stream`, { cause });
