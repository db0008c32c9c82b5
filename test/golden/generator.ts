/** Counter-based values that Python and TypeScript make alike: scripts/goldens/generator.py is this file's twin. */

/** FNV-1a hash of the name's UTF-8 bytes, 32 bits. */
export function goldenSeed(name: string): number {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return seed >>> 0;
}

/** Finaliser of MurmurHash3, 32 bits (Appleby, public domain). */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Hash number `index` of the stream with this seed, 32 bits. */
export function goldenHash(seed: number, index: number): number {
  return mix(mix((index + 0x9e3779b9) | 0) ^ seed) >>> 0;
}

/** f32 values `shift + scale · u`, u uniform on the odd multiples of 2⁻²⁴ in (−1, 1). */
export function goldenTensor(
  name: string,
  shape: readonly number[],
  scale = 1,
  shift = 0,
): Float32Array {
  const seed = goldenSeed(name);
  const values = new Float32Array(shape.reduce((size, axis) => size * axis, 1));
  for (let i = 0; i < values.length; i++) {
    const k = goldenHash(seed, i) >>> 8;
    values[i] = shift + scale * ((2 * k + 1 - 16777216) / 16777216);
  }
  return values;
}

/** `count` labels in [0, classes). */
export function goldenLabels(name: string, count: number, classes: number): Int32Array {
  const seed = goldenSeed(name);
  return Int32Array.from({ length: count }, (_, i) =>
    Math.floor((goldenHash(seed, i) / 4294967296) * classes),
  );
}

/** Images `[N, C, H, W]` of learnable classes, flat, and their labels `[N]`. */
export interface GoldenBatch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** Noise plus the class's own pattern, each uniform in ±√1.5. */
export function goldenBatch(
  name: string,
  shape: readonly [number, number, number, number],
  classes: number,
): GoldenBatch {
  const [count, ...image] = shape;
  const labels = goldenLabels(`${name}.labels`, count, classes);
  const images = goldenTensor(`${name}.noise`, shape, Math.sqrt(1.5));
  const patterns = goldenTensor(`patterns.${image.join('x')}`, [classes, ...image], Math.sqrt(1.5));
  const size = images.length / count;
  labels.forEach((label, n) => {
    for (let i = 0; i < size; i++) images[n * size + i]! += patterns[label * size + i]!;
  });
  return { images, labels };
}

/** Images without any class, of deviation 1, and labels. */
export function goldenNoise(
  name: string,
  shape: readonly [number, number, number, number],
  classes: number,
): GoldenBatch {
  return {
    images: goldenTensor(`${name}.noise`, shape, Math.sqrt(3)),
    labels: goldenLabels(`${name}.labels`, shape[0], classes),
  };
}
