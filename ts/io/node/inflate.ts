import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { noZlibStream, type Inflate } from '../png/inflate.ts';

/** Bytes that are handed out at once: few pieces for a large picture. */
const CHUNK = 1 << 18;

/** By Node's own zlib, whose pieces are larger than those of a `DecompressionStream`. */
export const inflate: Inflate = async (parts, wanted, place, take) => {
  let received = 0;
  const source = Readable.from(parts);
  const unpacked = source.pipe(createInflate({ chunkSize: CHUNK }));
  const pieces = unpacked[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    while (received < wanted) {
      const { done, value } = await pieces.next().catch((cause: unknown) => {
        throw noZlibStream(place, cause);
      });
      if (done) break;
      take(value.subarray(0, wanted - received));
      received += value.length;
    }
  } finally {
    source.destroy();
    unpacked.destroy();
  }
  return Math.min(received, wanted);
};
