import { goldenTensor } from './generator.ts';

/** Mean of batch norm's weights, or `'fresh'` for batch norm as it is after construction (1, 0, 0, 1). */
export type GoldenNorm = number | 'fresh';

/** Name to shape in torch's layout (OIHW, `[out, in]`), as in a state dict. */
export type GoldenShapes = Readonly<Record<string, readonly number[]>>;

/**
 * A float parameter or buffer in torch's layout; convolutions are uniform with He's deviation
 * √(2 / fan_in), linear layers within ±1 / √fan_in.
 */
export function goldenParameter(
  name: string,
  shape: readonly number[],
  norm: GoldenNorm,
): Float32Array {
  if (shape.length > 1) {
    const fanIn = shape.slice(1).reduce((size, axis) => size * axis, 1);
    return goldenTensor(name, shape, Math.sqrt((shape.length === 4 ? 6 : 1) / fanIn));
  }
  const fresh = norm === 'fresh';
  switch (name.slice(name.lastIndexOf('.') + 1)) {
    case 'running_mean':
      return goldenTensor(name, shape, fresh ? 0 : 0.1);
    case 'running_var':
      return goldenTensor(name, shape, fresh ? 0 : 0.5, 1);
    case 'weight':
      return goldenTensor(name, shape, fresh ? 0 : norm / 4, fresh ? 1 : norm);
    default:
      return goldenTensor(name, shape, 0.1);
  }
}

/** Values for every float entry of a state dict (leave `num_batches_tracked` out). */
export function goldenStateDict(
  shapes: GoldenShapes,
  norm: GoldenNorm,
): Record<string, Float32Array> {
  const values = Object.entries(shapes).map(([name, shape]) => {
    const ofNorm = name.replace(/bias$/, 'running_var') in shapes;
    const zero = norm === 'fresh' && name.endsWith('.bias') && ofNorm;
    return [name, zero ? goldenTensor(name, shape, 0) : goldenParameter(name, shape, norm)];
  });
  return Object.fromEntries(values);
}
