/** A picture as bytes, `[height, width, channels]`; grey has 1 channel, RGB 3. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}
