import { hasDepthwiseKernels } from './depthwiseKernels.ts';
import { positionsOf, winogradTiles } from './winogradTile.ts';
import { AXES, paddingBefore, type Axis, type ConvShape, type Pair } from './geometry.ts';

/**
 * How a convolution is computed; weights are packed for one of them. `im2col`, the textbook's way, is for the forward pass and
 * never chosen: it is there to be read and to be measured against.
 */
export type ConvAlgorithm =
  'implicit_gemm' | 'pointwise' | 'depthwise' | 'positions' | 'im2col' | WinogradAlgorithm;

/** F(2×2, 3×3) and F(4×4, 3×3); the lean ones transform weights while they multiply. */
export type WinogradAlgorithm =
  | 'winograd_2x2'
  | 'winograd_2x2_strided'
  | 'winograd_2x2_strided_lean'
  | 'winograd_4x4'
  | 'winograd_4x4_lean';

/**
 * The fastest kernel for a geometry; `winograd` says whether its rounding (twice that of a plain sum) is allowed,
 * `checked` that the compiler looks at its error with the layer's weights, and that no gradient follows: in training, batch
 * norm divides by the deviation of few pixels where maps are small, and enlarges rounding errors.
 *
 * - `depthwise`: groups of one channel in and out, whatever the kernel, in programs that have these kernels.
 * - `pointwise`: a 1×1 kernel without padding reads its input in place, whatever the stride.
 * - `winograd_4x4`: a 3×3 kernel at stride 1, where images have tiles enough.
 * - `winograd_4x4_lean`: the same where few tiles share many weights. These take a quarter of the memory, and less time to transform than
 *   transformed ones take to come from main memory.
 * - `winograd_2x2`: the same for images of one tile of 4×4. At 7×7 and 8×8, four tiles, F(4×4) is 1.1 to 2 times as fast.
 * - `winograd_2x2_strided`: a 3×3 kernel at stride 2, with 25 products for 36; `winograd_2x2_strided_lean` where few tiles share many weights.
 * - `positions`: one output pixel of all images at a time, where a part of the taps lies outside the image.
 * - `implicit_gemm`: everything else.
 */
export function chooseConvAlgorithm(
  conv: ConvShape,
  winograd: boolean,
  checked = false,
): ConvAlgorithm {
  if (takesDepthwise(conv)) return 'depthwise';
  if (isPointwise(conv)) return 'pointwise';
  const fewest = checked ? FEWEST_CHECKED_TILES : FEWEST_TILES;
  if (winograd && winogradCan(conv) && hasChannels(conv)) {
    if (tileWins(conv, 'winograd_4x4', fewest)) {
      return leanWins(conv, 'winograd_4x4', checked) ? 'winograd_4x4_lean' : 'winograd_4x4';
    }
    if (checked && tileWins(conv, 'winograd_2x2', fewest)) return 'winograd_2x2';
  }
  if (winograd && winogradCan(conv, 2) && stridedWins(conv, fewest)) {
    const lean = leanWins(conv, 'winograd_2x2_strided', checked);
    return lean ? 'winograd_2x2_strided_lean' : 'winograd_2x2_strided';
  }
  return positionsWin(conv) ? 'positions' : 'implicit_gemm';
}

/** The kernels that can compute a convolution, for benchmarks to compare. */
export function possibleConvAlgorithms(conv: ConvShape): ConvAlgorithm[] {
  return [
    ...(takesDepthwise(conv) ? (['depthwise'] as const) : []),
    ...(isPointwise(conv) ? (['pointwise'] as const) : []),
    'implicit_gemm',
    ...(positionsCan(conv) ? (['positions'] as const) : []),
    ...(winogradCan(conv) ? (['winograd_2x2', 'winograd_4x4', 'winograd_4x4_lean'] as const) : []),
    ...(winogradCan(conv, 2)
      ? (['winograd_2x2_strided', 'winograd_2x2_strided_lean'] as const)
      : []),
  ];
}

/**
 * How a weight gradient is computed: tap by tap, over the pixels that it reaches, from packed channels; all taps at once, from windows
 * of x where they lie or in padded rows; by transformed tiles for a 3×3 kernel at stride 1; channel by channel where groups have one.
 */
export type WeightAlgorithm = 'outer_product' | 'taps' | 'winograd_4x4' | 'depthwise';

/** Input channels beyond which the sums of 36 positions take megabytes of each worker. */
const MOST_CHANNELS = 512;

/** The fastest kernel for the gradient of a convolution's weights. */
export function chooseWeightAlgorithm(conv: ConvShape, winograd: boolean): WeightAlgorithm {
  if (takesDepthwise(conv)) return 'depthwise';
  const possible = winogradCan(conv) && hasChannels(conv) && conv.inChannels <= MOST_CHANNELS;
  if (winograd && possible && tileWins(conv, 'winograd_4x4', FEWEST_TILES)) return 'winograd_4x4';
  const fewest = Math.min(conv.inChannels, conv.outChannels);
  const packs =
    isPointwise(conv) ||
    (fewest >= FEWEST_PACKED_CHANNELS && pixelBytes(conv) <= MOST_CACHED_BYTES);
  return tapsCan(conv) && packs ? 'taps' : 'outer_product';
}

/** The kernels that can compute the gradient of a convolution's weights. */
export function possibleWeightAlgorithms(conv: ConvShape): WeightAlgorithm[] {
  return [
    ...(takesDepthwise(conv) ? (['depthwise'] as const) : []),
    'outer_product',
    ...(tapsCan(conv) ? (['taps'] as const) : []),
    ...(winogradCan(conv) ? (['winograd_4x4'] as const) : []),
  ];
}

/** Channels that pay for packing both tensors for each of several taps. */
const FEWEST_PACKED_CHANNELS = 64;
/** Bytes of both that a cache holds from tap to tap. */
const MOST_CACHED_BYTES = 12 * 1024 * 1024;
/** Share of taps in the image below which outputs are computed one position at a time. */
const MOST_LIVE_TAPS = 0.96;
/** Images that are enough for positions to read the weights once for several. */
const FEWEST_IMAGES = 8;
/** Channels that pay, in positions, for a sum of its own for each row of taps. */
const FEWEST_POSITION_CHANNELS = 128;
/** Channels that pay for transforming tiles. */
const FEWEST_CHANNELS = 12;
/** The same at stride 2, where fewer products are saved, but from rows that lie beside each other. */
const FEWEST_STRIDED_CHANNELS = 32;
const MOST_STRIDED_PRODUCTS = 0.92;
/** Share of a plain sum's products that still pays: tiles that are mostly outside the image do not. */
const MOST_PRODUCTS = 0.75;
/** Tiles that pay for reading 36 or 16 values for each 9 weights. */
const FEWEST_CHECKED_TILES = 4;
/** Tiles up to which plain weights take less time to transform than transformed ones to read. */
const MOST_LEAN_TILES = 16;
/** The same number of tiles where weights are packed for each run: transformed ones would be written and read. */
const MOST_PACKED_TILES = 128;
/** Weights that a second-level cache does not hold. */
const FEWEST_LEAN_WEIGHTS = 64 * 1024;
/** Weights that no cache holds. */
const MANY_LEAN_WEIGHTS = 256 * 1024;
const MOST_TILES_OF_MANY = 64;
/** Channels of tiles that the second-level cache holds. */
const MOST_LEAN_CHANNELS = 512;
/** Channels so few that the panels of a position are short. */
const FEW_LEAN_CHANNELS = 96;
/** Outputs so many that short panels are many, too. */
const MANY_LEAN_OUTPUTS = 128;
const FEW_LEAN_TILES = 4;
/** Tiles from which it is taken where nobody has checked its error. */
const FEWEST_TILES = 16;

/** Whether each channel is convolved by itself: then channels are lanes of a vector. */
function isDepthwise({ groups, inChannels, outChannels }: ConvShape): boolean {
  return groups > 1 && groups === inChannels && groups === outChannels;
}

/** Whether the depthwise kernels take a convolution, in this program. */
export const takesDepthwise = (conv: ConvShape): boolean =>
  hasDepthwiseKernels() && isDepthwise(conv);

function isPointwise({ kernelSize, padding }: ConvShape): boolean {
  return kernelSize.every((k) => k === 1) && padding.every((p) => p === 0);
}

function positionsCan(conv: ConvShape): boolean {
  return conv.groups === 1 && AXES.every((axis) => tapsInside(conv, axis).every((n) => n > 0));
}

function positionsWin(conv: ConvShape): boolean {
  const many = conv.batch >= FEWEST_IMAGES && conv.inChannels >= FEWEST_POSITION_CHANNELS;
  return many && positionsCan(conv) && liveTaps(conv) <= MOST_LIVE_TAPS;
}

/** Share of an output's taps that lie in the image, on average. */
function liveTaps(conv: ConvShape): number {
  return AXES.reduce<number>((share, axis) => {
    const counts = tapsInside(conv, axis);
    const sum = counts.reduce((total, count) => total + count, 0);
    return (share * sum) / (counts.length * conv.kernelSize[axis]);
  }, 1);
}

/** How many taps of an axis lie in the image, for each output. */
function tapsInside(conv: ConvShape, axis: Axis): number[] {
  const { inputSize, outputSize, kernelSize, stride, dilation, padding } = conv;
  const before = paddingBefore(padding, axis);
  return Array.from({ length: outputSize[axis] }, (_, output) => {
    const first = output * stride[axis] - before;
    const taps = Array.from({ length: kernelSize[axis] }, (_, tap) => first + tap * dilation[axis]);
    return taps.filter((at) => at >= 0 && at < inputSize[axis]).length;
  });
}

/** Whether the channels fill the vectors of a weight gradient tap by tap. */
function tapsCan({ groups, inChannels, outChannels }: ConvShape): boolean {
  return groups === 1 && inChannels % 4 === 0 && outChannels % 8 === 0;
}

/** Bytes of input and output. */
function pixelBytes({ batch, inputSize, outputSize, inChannels, outChannels }: ConvShape): number {
  const area = (size: Pair): number => size[0] * size[1];
  return 4 * batch * (area(inputSize) * inChannels + area(outputSize) * outChannels);
}

function winogradCan(conv: ConvShape, step = 1): boolean {
  const { kernelSize, stride, dilation, groups, inChannels, outChannels } = conv;
  return (
    kernelSize.every((k) => k === 3) &&
    stride.every((own) => own === step) &&
    [...dilation, groups].every((one) => one === 1) &&
    inChannels % 4 === 0 &&
    outChannels % 4 === 0
  );
}

function hasChannels({ inChannels, outChannels }: ConvShape): boolean {
  return Math.min(inChannels, outChannels) >= FEWEST_CHANNELS;
}

/** Whether an algorithm saves products enough to pay for transforming tiles and their weights. */
function tileWins(
  conv: ConvShape,
  algorithm: WinogradAlgorithm,
  fewest: number,
  mostProducts = MOST_PRODUCTS,
): boolean {
  const tiles = winogradTiles(conv, algorithm);
  const plainProducts = 9 * conv.batch * conv.outputSize[0] * conv.outputSize[1];
  return tiles >= fewest && positionsOf(algorithm) * tiles <= mostProducts * plainProducts;
}

/** The same at stride 2. */
function stridedWins(conv: ConvShape, fewest: number): boolean {
  const channels = Math.min(conv.inChannels, conv.outChannels);
  return (
    channels >= FEWEST_STRIDED_CHANNELS &&
    tileWins(conv, 'winograd_2x2_strided', fewest, MOST_STRIDED_PRODUCTS)
  );
}

/** Whether weights are better transformed each time. */
function leanWins(conv: ConvShape, algorithm: WinogradAlgorithm, checked: boolean): boolean {
  const { inChannels, outChannels } = conv;
  const [tiles, weights] = [winogradTiles(conv, algorithm), inChannels * outChannels];
  if (checked && tiles <= FEW_LEAN_TILES && inChannels <= FEW_LEAN_CHANNELS) {
    return outChannels >= MANY_LEAN_OUTPUTS;
  }
  const unpacked = weights >= MANY_LEAN_WEIGHTS ? MOST_TILES_OF_MANY : MOST_LEAN_TILES;
  return (
    tiles <= (checked ? unpacked : MOST_PACKED_TILES) &&
    inChannels <= MOST_LEAN_CHANNELS &&
    weights >= FEWEST_LEAN_WEIGHTS
  );
}
