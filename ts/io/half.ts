/** F16 (IEEE binary16) → f32, exact. */
export function halfToFloat(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let index = 0; index < halves.length; index++) {
    const half = halves[index]!;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 31;
    const fraction = half & 0x3ff;
    if (exponent === 31) bits[index] = sign | 0x7f800000 | (fraction << 13);
    else if (exponent > 0) bits[index] = sign | ((exponent + 112) << 23) | (fraction << 13);
    else floats[index] = (sign === 0 ? fraction : -fraction) / 2 ** 24;
  }
  return floats;
}

/** f32 → F16, to nearest, ties to even; too large a value becomes infinite. */
export function floatToHalf(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  return Uint16Array.from(bits, (word) => {
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff);
    if (magnitude >= 0x47800000) return sign | 0x7c00;
    if (magnitude >= 0x38800000) return sign | (roundShift(magnitude, 13) - (112 << 10));
    const exponent = magnitude >>> 23;
    if (exponent < 102) return sign;
    return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
  });
}

/** BF16 (the upper half of an f32) → f32, exact. */
export function bfloatToFloat(bfloats: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bfloats, (word) => word << 16).buffer);
}

/** f32 → BF16, to nearest, ties to even. */
export function floatToBfloat(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  return Uint16Array.from(bits, (word) => {
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    return isNaN ? (word >>> 16) | 0x40 : roundShift(word, 16);
  });
}

/** `value / 2^shift` to nearest, ties to even. */
function roundShift(value: number, shift: number): number {
  const odd = (value >>> shift) & 1;
  const lessThanHalf = (1 << (shift - 1)) - 1;
  return ((value + lessThanHalf + odd) >>> shift) & 0xffff;
}
