import type { Normalisation } from '../base/normalisation.ts';

/** Normalised values of the 256 bytes, a table a channel: `table[256 c + v] = (v / 255 − mean[c]) / std[c]`. */
export function normalisationTable({ mean, std }: Normalisation): Float32Array {
  const table = new Float32Array(256 * mean.length);
  for (let channel = 0; channel < mean.length; channel++) {
    for (let value = 0; value < 256; value++) {
      table[256 * channel + value] = (value / 255 - mean[channel]!) / std[channel]!;
    }
  }
  return table;
}

/**
 * Normalises `count` pixels, read forwards, or backwards when `backwards` (a mirrored row).
 *
 * `from` holds bytes from `fromStart`, `to` takes floats from `toStart`; offsets are in elements.
 */
export function normalisePixels(
  table: Float32Array,
  from: Uint8Array,
  fromStart: number,
  to: Float32Array,
  toStart: number,
  count: number,
  backwards = false,
): void {
  const channels = table.length / 256;
  const step = backwards ? -channels : channels;
  const first = backwards ? fromStart + (count - 1) * channels : fromStart;
  for (let channel = 0; channel < channels; channel++) {
    const base = 256 * channel;
    let read = first + channel;
    const end = toStart + count * channels;
    for (let write = toStart + channel; write < end; write += channels) {
      to[write] = table[base + from[read]!]!;
      read += step;
    }
  }
}

/**
 * `(pixel / 255 − mean) / std` of whole images, bytes `[…, C]` → f32 of the same shape. Throws TypeError for other than
 * bytes, RangeError when they do not fit the channels.
 */
export function normalise(images: Uint8Array, by: Normalisation): Float32Array {
  const { mean, std } = by;
  if (!(images instanceof Uint8Array)) {
    throw new TypeError(
      `normalise: images are ${Object.prototype.toString.call(images).slice(8, -1)} but must be bytes (Uint8Array)`,
    );
  }
  if (mean.length === 0 || std.length !== mean.length || images.length % mean.length !== 0) {
    throw new RangeError(
      `normalise: ${images.length} bytes, ${mean.length} means and ${std.length} deviations do not fit together`,
    );
  }
  const to = new Float32Array(images.length);
  normalisePixels(normalisationTable(by), images, 0, to, 0, images.length / by.mean.length);
  return to;
}
