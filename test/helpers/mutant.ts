/** f32x4.relaxed_madd, f32x4.mul, and what is planted for either: the sum's product negated, a sum for a product. */
const FUSED = [
  [0xfd, 0x85, 0x02],
  [0xfd, 0x86, 0x02],
] as const;
const PLAIN = [
  [0xfd, 0xe6, 0x01],
  [0xfd, 0xe4, 0x01],
] as const;

/** A function of a module: where its code lies, and where in it vectors are multiplied. */
export interface FunctionCode {
  readonly index: number;
  readonly bytes: number;
  readonly products: readonly number[];
}

/** The functions of a module in which vectors are multiplied, those with most products first. */
export function multiplying(module: Uint8Array, fused: boolean): FunctionCode[] {
  const [[...wanted]] = fused ? FUSED : PLAIN;
  const functions: FunctionCode[] = [];
  let at = 8;
  const leb = (): number => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = module[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
      shift += 7;
    }
  };
  while (at < module.length) {
    const [id, size] = [module[at++]!, leb()];
    const end = at + size;
    if (id !== 10) {
      at = end;
      continue;
    }
    const count = leb();
    for (let index = 0; index < count; index++) {
      const bytes = leb();
      const products: number[] = [];
      for (let i = at; i < at + bytes - 2; i++) {
        if (wanted.every((byte, j) => module[i + j] === byte)) products.push(i);
      }
      if (products.length > 0) functions.push({ index, bytes, products });
      at += bytes;
    }
  }
  return functions.sort((a, b) => b.products.length - a.products.length);
}

/** The module with one wrong instruction, in the middle of a function's products. */
export function mutant(
  module: Uint8Array,
  { products }: FunctionCode,
  fused: boolean,
): Uint8Array<ArrayBuffer> {
  const changed = Uint8Array.from(module);
  changed.set((fused ? FUSED : PLAIN)[1], products[Math.floor(products.length / 2)]);
  return changed;
}
