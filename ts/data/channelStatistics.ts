/**
 * Mean and standard deviation of `pixel / 255` by channel; exact sums of integers, so the order does not matter.
 *
 * The deviation of a channel that never changes is given as 1, so that it can divide.
 */
export function channelStatistics(
  images: Uint8Array,
  channels: number,
): { mean: number[]; std: number[] } {
  const pixels = images.length / channels;
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    let squares = 0;
    for (let index = channel; index < images.length; index += channels) {
      const value = images[index]!;
      sum += value;
      squares += value * value;
    }
    const average = sum / pixels;
    const variance = squares / pixels - average * average;
    mean.push(average / 255);
    std.push(variance > 0 ? Math.sqrt(variance) / 255 : 1);
  }
  return { mean, std };
}
