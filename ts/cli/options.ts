import { InvalidArgumentError, Option } from 'commander';
import type { EngineOptions } from '../kernels/createEngine.ts';
import type { Numerics } from '../kernels/engine.ts';

/** A parser for whole numbers of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** A parser for numbers in `[least, below)`. */
export function numberIn(least: number, below = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value < below)) {
      const limit = below === Infinity ? '' : ` and below ${below}`;
      throw new InvalidArgumentError(`It must be a number of at least ${least}${limit}.`);
    }
    return value;
  };
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** Parses `200MB`, `1.5 GB`, `64MiB` or a number of bytes. */
export function byteSize(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = BYTE_UNITS[unit?.toUpperCase() ?? '-'];
  const bytes = Math.floor(Number(number) * (factor ?? NaN));
  if (!(bytes >= 1)) {
    throw new InvalidArgumentError('It must be a size such as 200MB, 1.5GB or 64MiB.');
  }
  return bytes;
}

/** A parser for `1,28,28,1`. */
export function imageShape(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.length !== 4 || sizes.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    throw new InvalidArgumentError('It must be four sizes N,H,W,C, such as 1,28,28,1.');
  }
  return sizes;
}

/** Options that say how kernels run. */
export interface EngineFlags {
  readonly threads?: number;
  readonly numerics?: Numerics;
  readonly simd?: EngineOptions['simd'];
}

export const threadsOption = (): Option =>
  new Option('--threads <n>', 'threads, at most one per core (default: all cores)').argParser(
    wholeNumber(1),
  );

export const numericsOption = (): Option =>
  new Option(
    '--numerics <kind>',
    'strict: same bits everywhere; fast: fused multiply-add, Winograd (default: fast)',
  ).choices(['strict', 'fast']);

export const simdOption = (): Option =>
  new Option(
    '--simd <bits>',
    'width of vectors: auto, 128 or 256; the same bits, only faster or slower (default: auto)',
  ).argParser(vectorWidth);

/** Parses `auto`, `128` or `256`. */
function vectorWidth(text: string): EngineOptions['simd'] {
  if (text === 'auto') return text;
  if (text === '128' || text === '256') return text === '128' ? 128 : 256;
  throw new InvalidArgumentError('Allowed choices are auto, 128, 256.');
}

export const memoryBudgetOption = (): Option =>
  new Option(
    '--memory-budget <size>',
    'most memory for activations and gradients, such as 200MB: the rest is computed again (default: no limit)',
  ).argParser(byteSize);

export const jsonOption = (): Option =>
  new Option('--json', 'print the result as JSON on stdout, and nothing else there');

export const dataDirOption = (): Option =>
  new Option('--data-dir <dir>', "folder of the data set's files (default: where it is installed)");

export const runOption = (): Option =>
  new Option('--run <path>', 'run directory or checkpoint file (default: newest in runs/)');
