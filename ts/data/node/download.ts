import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FormatError } from '../../base/errors.ts';
import { fileError } from '../../io/node/fileError.ts';
import { writeAtomic } from '../../io/node/writeAtomic.ts';

/** How far a download has come. */
export interface DownloadProgress {
  readonly url: string;
  readonly receivedBytes: number;
  /** Undefined when the server does not say. */
  readonly totalBytes: number | undefined;
}

/** What {@link download} needs to know. */
export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes; its folder is made. */
  readonly path: string;
  /** MD5 sum that the file's publisher states, in hex. */
  readonly md5: string;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a file, checks its sum and puts it in its place in one piece.
 *
 * @throws {Error} when the server cannot be reached, does not have it, or the file cannot be written
 * @throws {FormatError} when its sum is another
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { url, path, md5 } = options;
  const bytes = await receive(options);
  const found = createHash('md5').update(bytes).digest('hex');
  if (found !== md5) {
    throw new FormatError(`${url}: checksum: md5 is ${found} but the published file has ${md5}`);
  }
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw fileError(dirname(path), 'create', error);
  }
  await writeAtomic(path, bytes);
}

async function receive({ url, onProgress, signal }: DownloadOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    const response = await fetch(url, signal ? { signal } : {});
    if (!response.ok || !response.body) {
      throw new Error(`the server answers ${response.status} ${response.statusText}`);
    }
    const length = response.headers.get('content-length');
    const totalBytes = length === null ? undefined : Number(length);
    let receivedBytes = 0;
    for await (const chunk of response.body) {
      chunks.push(chunk);
      receivedBytes += chunk.length;
      onProgress?.({ url, receivedBytes, totalBytes });
    }
  } catch (error) {
    signal?.throwIfAborted();
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? `${message} (${cause.message})` : message;
    throw new Error(`${url}: download: ${reason}`, { cause: error });
  }
  return Buffer.concat(chunks);
}
