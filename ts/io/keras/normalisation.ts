import type { ConfiguredLayer } from './config.ts';
import type { KerasFile, KerasSettings } from './layers.ts';

/** By channel, or one number for all. */
type Values = number | readonly number[];

/** Layers that leave an image as it is when it is classified. */
const PASSING =
  /^(InputLayer|Functional|Model|Sequential|Random\w+|AutoContrast|\w*Dropout|Gaussian\w+)$/;
/** Keras's own bound on a deviation. */
const LEAST_DEVIATION = 1e-7;

/**
 * Mean and deviation by which `normalise` does what a file's layers do to pixels of 0 to 255 in front of its first
 * convolution; undefined where these do nothing, or not the same to every pixel.
 */
export function normalisationOf(
  configured: readonly ConfiguredLayer[],
): KerasFile['normalisation'] {
  const inputs = configured.filter(
    ({ kind, name }) => kind === 'InputLayer' && !name.includes('/'),
  );
  const shape: unknown = inputs[0]?.settings['batch_shape'] ?? firstInput(configured);
  const channels: unknown = Array.isArray(shape) ? shape.at(-1) : undefined;
  if (inputs.length > 1 || typeof channels !== 'number' || !(channels > 0 && channels <= 4096)) {
    return undefined;
  }
  let scale: Values = 1;
  let offset: Values = 0;
  let steps = 0;
  for (const layer of configured) {
    if (PASSING.test(layer.kind)) continue;
    const step = affineOf(layer);
    if (!step) {
      if (layer.kind === 'Conv2D' || layer.kind === 'ZeroPadding2D') break;
      return undefined;
    }
    steps++;
    scale = both(scale, step.scale, (a, b) => a * b);
    offset = both(
      both(offset, step.scale, (a, b) => a * b),
      step.offset,
      (a, b) => a + b,
    );
  }
  if (steps === 0) return undefined;
  const byChannel = (values: Values): number[] =>
    Array.from({ length: channels }, (_, c) => (typeof values === 'number' ? values : values[c]!));
  const scales = byChannel(scale);
  const offsets = byChannel(offset);
  const mean = scales.map((a, c) => -offsets[c]! / (255 * a) + 0);
  const std = scales.map((a) => 1 / (255 * a));
  return [...mean, ...std].every(Number.isFinite) ? { mean, std } : undefined;
}

const firstInput = (configured: readonly ConfiguredLayer[]): unknown =>
  configured.find(({ kind }) => kind === 'InputLayer')?.settings['batch_shape'];

interface Affine {
  readonly scale: Values;
  readonly offset: Values;
}

/** What a layer does as a scale and an offset. */
function affineOf({ kind, settings, numbers, isOperation }: ConfiguredLayer): Affine | undefined {
  if (isOperation) return affineOperation(kind, numbers);
  if (kind === 'Rescaling') {
    const [scale, offset] = [valuesOf(settings['scale']), valuesOf(settings['offset'] ?? 0)];
    return scale === undefined || offset === undefined ? undefined : { scale, offset };
  }
  return kind === 'Normalization' ? affineNormalisation(settings) : undefined;
}

function affineOperation(kind: string, numbers: ConfiguredLayer['numbers']): Affine | undefined {
  const [number] = numbers;
  if (!number || numbers.length > 1) return undefined;
  const { place, value } = number;
  if (kind === 'Multiply') return { scale: value, offset: 0 };
  if (kind === 'Add') return { scale: 1, offset: value };
  if (kind === 'Subtract') {
    return place === 0 ? { scale: -1, offset: value } : { scale: 1, offset: -value };
  }
  const divides = kind === 'TrueDivide' || kind === 'Divide';
  return divides && place === 1 ? { scale: 1 / value, offset: 0 } : undefined;
}

/** `(x − mean) / max(√variance, 1e-7)` by channel, or with one number for all. */
function affineNormalisation(settings: KerasSettings): Affine | undefined {
  const [mean, variance] = [valuesOf(settings['mean']), valuesOf(settings['variance'])];
  if (mean === undefined || variance === undefined || settings['invert'] === true) return undefined;
  const deviation = both(variance, 0, (of) => Math.max(Math.sqrt(of), LEAST_DEVIATION));
  return {
    scale: both(deviation, 0, (of) => 1 / of),
    offset: both(mean, deviation, (of, by) => -of / by),
  };
}

function both(a: Values, b: Values, of: (a: number, b: number) => number): Values {
  if (typeof a === 'number')
    return typeof b === 'number' ? of(a, b) : b.map((value) => of(a, value));
  return a.map((value, c) => of(value, typeof b === 'number' ? b : (b[c] ?? NaN)));
}

/** A number or a list of them, as settings and nested lists have them. */
function valuesOf(value: unknown): Values | undefined {
  if (typeof value === 'number') return value;
  if (!Array.isArray(value)) return undefined;
  const flat: unknown[] = value.flat(8);
  const numbers = flat.filter((item) => typeof item === 'number');
  if (numbers.length !== flat.length || numbers.length === 0) return undefined;
  return numbers.length === 1 ? numbers[0]! : numbers;
}
