/** A table with 64-bit indices. */
const TABLE64 = [0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 112, 4, 1];

/**
 * Whether this engine's registers hold six rows by eight columns of sums. V8 wants one register more for each fused
 * multiply-add until shortly before it has tables with 64-bit indices: there six rows take twice the time of four, as sums
 * move between registers and memory; elsewhere they save 2 to 5 %. The results are the same bits.
 */
export function holdsHighTiles(): boolean {
  return WebAssembly.validate(new Uint8Array(TABLE64));
}
