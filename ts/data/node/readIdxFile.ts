import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FormatError } from '../../base/errors.ts';
import { plainBytes } from '../../io/node/plainBytes.ts';
import { readFile } from '../../io/node/readFile.ts';
import type { NamedBytes } from '../idx.ts';

/** More than any set of pictures that is trained in memory. */
const MOST_BYTES = 2 ** 31;

/**
 * Reads an IDX file, gzipped or not: its first bytes tell, whatever its name is.
 *
 * @param most bytes that it may unpack to
 * @throws {FormatError} for one that is damaged
 */
export async function readIdxFile(file: string, most = MOST_BYTES): Promise<NamedBytes> {
  const bytes = await readFile(file);
  const isGzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return { file, bytes: isGzipped ? await unpack(file, bytes, most) : bytes };
}

/** Unpacks no more than the header says, and a byte that shows that more follows. */
async function unpack(file: string, packed: Uint8Array, most: number): Promise<Uint8Array> {
  const source = Readable.from([packed]);
  const unpacked = source.pipe(createGunzip());
  const chunks: Buffer[] = [];
  let [received, wanted] = [0, most];
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      received += chunk.length;
      if (wanted === most) wanted = Math.min(most, 1 + statedBytes(Buffer.concat(chunks)));
      if (received >= wanted) break;
    }
  } catch (error) {
    throw new FormatError(`${file}: gunzip: ${(error as Error).message}`, { cause: error });
  } finally {
    source.destroy();
    unpacked.destroy();
  }
  if (received >= most) {
    throw new FormatError(`${file}: gunzip: unpacks to more than the ${most} bytes allowed`);
  }
  return plainBytes(Buffer.concat(chunks, Math.min(received, wanted)));
}

/** Length of a file as its header states it; no more than the header when that is none. */
function statedBytes(bytes: Buffer): number {
  const axes = bytes.length < 4 ? 0 : bytes[3]!;
  const header = 4 + 4 * axes;
  if (axes < 1 || axes > 3 || bytes.length < header) return header;
  const sizes = Array.from({ length: axes }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
  return header + sizes.reduce((product, size) => product * size, 1);
}
