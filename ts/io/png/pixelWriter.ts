import { FormatError } from '../../base/errors.ts';
import type { Image } from '../image.ts';
import type { PngHeader } from './header.ts';
import type { Pass } from './passes.ts';

/** Makes pixels of bytes out of rows of samples of any depth. */
export class PixelWriter {
  readonly image: Image;
  readonly #header: PngHeader;
  readonly #palette: Uint8Array | undefined;
  readonly #transparency: Uint8Array | undefined;
  readonly #place: string;
  /** The one colour that is transparent, in samples. */
  readonly #hidden: readonly number[] | undefined;

  constructor(
    header: PngHeader,
    palette: Uint8Array | undefined,
    transparency: Uint8Array | undefined,
    place: string,
  ) {
    const { width, height, samples, indexed } = header;
    this.#header = header;
    this.#palette = indexed ? palette : undefined;
    this.#transparency = transparency;
    this.#place = place;
    if (transparency && !indexed && samples % 2 === 1) {
      this.#hidden = Array.from(
        { length: samples },
        (_, sample) => (transparency[2 * sample]! << 8) | transparency[2 * sample + 1]!,
      );
    }
    const channels = ((indexed ? 3 : samples) +
      (this.#hidden || (indexed && transparency) ? 1 : 0)) as Image['channels'];
    this.image = { width, height, channels, data: new Uint8Array(width * height * channels) };
  }

  /** Puts a row of a pass, without its filter, where its pixels lie. */
  write(row: Uint8Array, pass: Pass, y: number): void {
    const { data, width, channels } = this.image;
    const { depth, samples, indexed } = this.#header;
    const to = ((pass.top + y * pass.stepY) * width + pass.left) * channels;
    const step = pass.stepX * channels;
    if (indexed) this.#writeColours(row, pass, to, step);
    else if (this.#hidden) this.#writeWithAlpha(row, pass, to, step, this.#hidden);
    else if (depth === 8 && pass.stepX === 1) data.set(row, to);
    else if (depth === 16) {
      // Where nothing lies between its pixels, a row is one pixel of many samples: the inner loop is the long one.
      if (step === samples) writeHalves(row, 1, pass.width * samples, data, to, step);
      else writeHalves(row, pass.width, samples, data, to, step);
    } else {
      for (let x = 0; x < pass.width; x++) {
        for (let sample = 0; sample < samples; sample++) {
          data[to + x * step + sample] = this.#byte(sampleAt(row, x * samples + sample, depth));
        }
      }
    }
  }

  #writeColours(row: Uint8Array, pass: Pass, to: number, step: number): void {
    const { data, channels } = this.image;
    const palette = this.#palette!;
    for (let x = 0; x < pass.width; x++) {
      const colour = sampleAt(row, x, this.#header.depth);
      if (3 * colour >= palette.length) {
        throw new FormatError(
          `${this.#place}: a pixel is of colour ${colour} but the palette has ${palette.length / 3}`,
        );
      }
      const at = to + x * step;
      for (let channel = 0; channel < 3; channel++) {
        data[at + channel] = palette[3 * colour + channel]!;
      }
      if (channels === 4) data[at + 3] = this.#transparency![colour] ?? 255;
    }
  }

  #writeWithAlpha(
    row: Uint8Array,
    pass: Pass,
    to: number,
    step: number,
    hidden: readonly number[],
  ): void {
    const { depth, samples } = this.#header;
    const { data } = this.image;
    for (let x = 0; x < pass.width; x++) {
      let isHidden = true;
      for (let sample = 0; sample < samples; sample++) {
        const value = sampleAt(row, x * samples + sample, depth);
        if (value !== hidden[sample]) isHidden = false;
        data[to + x * step + sample] = this.#byte(value);
      }
      data[to + x * step + samples] = isHidden ? 0 : 255;
    }
  }

  /** A sample of this depth as a byte, rounded. */
  #byte(sample: number): number {
    const { depth } = this.#header;
    return depth === 16 ? narrow(sample) : (sample * 255) / ((1 << depth) - 1);
  }
}

/** Sample `index` of a row; those of less than a byte begin at its high bits. */
function sampleAt(row: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return row[index]!;
  if (depth === 16) return (row[2 * index]! << 8) | row[2 * index + 1]!;
  const bit = index * depth;
  return (row[bit >> 3]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** 16 bits to 8, the nearest: `round(sample · 255 / 65535)`. */
const narrow = (sample: number): number => (sample * 255 + 32895) >> 16;

/** The hot loop of large pictures: two bytes a sample to one, pixels `step` bytes apart. */
function writeHalves(
  row: Uint8Array,
  pixels: number,
  samples: number,
  data: Uint8Array,
  start: number,
  step: number,
): void {
  for (let x = 0, from = 0, to = start; x < pixels; x++, to += step) {
    for (let sample = 0; sample < samples; sample++, from += 2) {
      data[to + sample] = narrow((row[from]! << 8) | row[from + 1]!);
    }
  }
}
