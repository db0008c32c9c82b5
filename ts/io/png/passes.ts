import type { PngHeader } from './header.ts';

/** Rows that are stored after each other: all of a picture, or every so many pixels of it. */
export interface Pass {
  readonly width: number;
  readonly height: number;
  /** Where in the picture its first pixel lies, and how far apart its pixels lie there. */
  readonly left: number;
  readonly top: number;
  readonly stepX: number;
  readonly stepY: number;
}

/** Adam7: first column and row, and steps, of the seven passes. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The passes of a picture that hold pixels, in order. */
export function passesOf({ width, height, interlaced }: PngHeader): Pass[] {
  if (!interlaced) return [{ width, height, left: 0, top: 0, stepX: 1, stepY: 1 }];
  return ADAM7.map(([left, top, stepX, stepY]) => ({
    width: Math.max(0, Math.ceil((width - left) / stepX)),
    height: Math.max(0, Math.ceil((height - top) / stepY)),
    left,
    top,
    stepX,
    stepY,
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Bytes of a row of a pass, with the one that says its filter. */
export const rowBytes = ({ width }: Pass, { bitsPerPixel }: PngHeader): number =>
  1 + Math.ceil((width * bitsPerPixel) / 8);
