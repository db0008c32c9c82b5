import { luma, type Image } from '../io/image.ts';

/** Contrast, of 255, with which ink stands out from white well enough. */
const ENOUGH = 64;

/**
 * Grey that a picture with alpha is laid over: white, as paper is; black where what is drawn would hardly show on white and
 * shows better on black.
 */
export function groundFor({ channels, data }: Image): 0 | 255 {
  if (channels === 1 || channels === 3) return 255;
  let [onWhite, onBlack] = [0, 0];
  let isOpaque = true;
  for (let at = 0; at < data.length; at += channels) {
    const alpha = data[at + channels - 1]!;
    const grey = channels === 2 ? data[at]! : luma(data[at]!, data[at + 1]!, data[at + 2]!);
    if (alpha < 255) isOpaque = false;
    onWhite = Math.max(onWhite, (alpha * (255 - grey)) / 255);
    onBlack = Math.max(onBlack, (alpha * grey) / 255);
  }
  return !isOpaque && onWhite < ENOUGH && onBlack > onWhite ? 0 : 255;
}
