/** Memory for the padded rows of a unit: they stay in a second-level cache beside the weights in use. */
const SCRATCH_BYTES = 256 * 1024;
/** Pixels beyond which a unit gains nothing from reading a panel of weights once. */
const MOST_PIXELS = 1024;
/** Pixels below which a unit reads the weights too often: channels are split before rows get fewer. */
const FEWEST_PIXELS = 28;
/** Units that keep several workers busy to the end. */
const ENOUGH_UNITS = 16;
/** Units that are worth copying the same rows once for each range of channels. */
const ENOUGH_RANGES = 8;
/** Chunks beyond which claims only cost. */
const MOST_CHUNKS = 64;
/** Output channels that the widest kernels compute together; others take half of them, twice. Bits must not depend on the width. */
export const BLOCK_CHANNELS = 16;

/** Images whose pixels at one position are computed together at most. */
const MOST_IMAGES = 64;
/** Channels for which the pixels of a position are computed together. */
const POSITION_CHANNELS = 64;

/** What a kernel computes at a time: some rows of some images, for a range of a group's output channels. */
export interface Units {
  readonly unitImages: number;
  readonly unitRows: number;
  readonly unitChannels: number;
  readonly chunks: number;
  readonly scratchBytes: number;
}

/** Sizes that decide how a convolution is cut into units. */
export interface UnitProblem {
  readonly batch: number;
  readonly groups: number;
  readonly outHeight: number;
  readonly outWidth: number;
  /** Output channels of a group. */
  readonly outChannels: number;
  /** Scratch floats for that many rows of output. */
  readonly scratchFloats: (rows: number) => number;
  /** Floats of x that rows of output read where they lie. */
  readonly readFloats: (rows: number) => number;
}

/** Cuts a convolution into units: a function of its shapes alone, so that results never depend on threads. */
export function unitsOf(problem: UnitProblem): Units {
  const { batch, groups, outHeight, outWidth, outChannels, scratchFloats, readFloats } = problem;
  // Two tables of offsets follow the rows, padded to whole tiles.
  const bytes = (images: number, rows: number) =>
    4 * (images * scratchFloats(rows) + 2 * (images * rows * outWidth + 8)) + 64;
  const fits = (images: number, rows: number) =>
    bytes(images, rows) + 4 * images * readFloats(rows) <= SCRATCH_BYTES &&
    images * rows * outWidth <= MOST_PIXELS;

  let unitRows = outHeight;
  while (unitRows > 1 && !fits(1, unitRows)) unitRows = Math.ceil(unitRows / 2);
  let unitImages = 1;
  if (unitRows === outHeight) {
    while (unitImages < batch && fits(unitImages + 1, unitRows)) unitImages++;
  }
  const count = () => Math.ceil(batch / unitImages) * groups * Math.ceil(outHeight / unitRows);
  while (
    count() < ENOUGH_UNITS &&
    unitImages > 1 &&
    (unitImages / 2) * outHeight * outWidth >= FEWEST_PIXELS
  ) {
    unitImages = Math.ceil(unitImages / 2);
  }
  while (
    count() < ENOUGH_UNITS &&
    unitImages === 1 &&
    unitRows > 1 &&
    (unitRows / 2) * outWidth >= FEWEST_PIXELS
  ) {
    unitRows = Math.ceil(unitRows / 2);
  }
  // Equal bands: the last must not be a sliver.
  unitRows = Math.ceil(outHeight / Math.ceil(outHeight / unitRows));
  unitImages = Math.ceil(batch / Math.ceil(batch / unitImages));

  const blocks = Math.ceil(outChannels / BLOCK_CHANNELS);
  const ranges = Math.min(blocks, Math.ceil(ENOUGH_RANGES / count()));
  const unitChannels = BLOCK_CHANNELS * Math.ceil(blocks / ranges);
  const units = count() * Math.ceil(outChannels / unitChannels);
  return {
    unitImages,
    unitRows,
    unitChannels,
    chunks: Math.max(1, Math.min(MOST_CHUNKS, units)),
    scratchBytes: bytes(unitImages, unitRows),
  };
}

/** Cuts a convolution that is computed one output position after the other. */
export function positionUnits(problem: UnitProblem): Units {
  const { batch, outHeight, outWidth, outChannels } = problem;
  const unitImages = Math.ceil(batch / Math.ceil(batch / MOST_IMAGES));
  const unitChannels = Math.min(
    POSITION_CHANNELS,
    BLOCK_CHANNELS * Math.ceil(outChannels / BLOCK_CHANNELS),
  );
  const units = Math.ceil(batch / unitImages) * Math.ceil(outChannels / unitChannels);
  return {
    unitImages,
    unitRows: outHeight,
    unitChannels,
    chunks: Math.max(1, Math.min(MOST_CHUNKS, units * outHeight * outWidth)),
    scratchBytes: 4 * 2 * (unitImages + 4),
  };
}
