import { Inflate, Unzlib } from 'fflate';

/** Deflated bytes that are looked at together: they hold at most 1032 times as many. */
const PIECE = 1 << 16;

/** How {@link inflateWithin} reads. */
export interface InflateOptions {
  /** Whether there is a header and a checksum around. */
  readonly wrapping: 'raw' | 'zlib';
  /** Gives the beginning of what is longer; false by default. */
  readonly part?: boolean;
}

/**
 * What deflated bytes hold; undefined where they are damaged, or hold more than `most` bytes: not much more than that is
 * ever in memory.
 */
export function inflateWithin(
  bytes: Uint8Array,
  most: number,
  { wrapping, part: takesPart = false }: InflateOptions,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let total = 0;
  let ended = false;
  const stream = new (wrapping === 'raw' ? Inflate : Unzlib)((part, final) => {
    parts.push(part);
    total += part.length;
    ended = final;
  });
  try {
    for (let at = 0; at < bytes.length && total <= most && !ended; at += PIECE) {
      stream.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
    }
  } catch {
    return undefined;
  }
  if (total > most ? !takesPart : !ended) return undefined;
  const whole = new Uint8Array(Math.min(total, most));
  let at = 0;
  for (const part of parts) {
    whole.set(part.subarray(0, most - at), at);
    at += part.length;
    if (at >= most) break;
  }
  return whole;
}
