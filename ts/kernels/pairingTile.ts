/** Sizes of the two tiles that {@link pairingTile} multiplies: rows, depth, columns of each. */
export const TILE = { rows: 6, depth: 64, columns: [8, 16] } as const;

// Opcodes and types of the WebAssembly specification, as far as the module needs them.
const [I32, V128, VOID] = [0x7f, 0x7b, 0x40];
const [LOOP, IF, ELSE, END, BRANCH_IF] = [0x03, 0x04, 0x05, 0x0b, 0x0d];
const [GET, SET, TEE, CONST, LESS, ADD, SUBTRACT] = [0x20, 0x21, 0x22, 0x41, 0x49, 0x6a, 0x6b];
const [LOAD, LOAD_SPLAT, STORE, SPLAT] = [0x00, 0x09, 0x0b, 0x11];
const [F32X4_ADD, F32X4_MULTIPLY, RELAXED_MADD] = [0xe4, 0xe6, 0x105];

/** Where the second matrix and the result lie in the one page of memory; all of it stays zero. */
const [PANEL, RESULT] = [16384, 32768];
/** Locals: the parameters, addresses in either matrix, the element of a row, a row of the panel, the sums. */
const [WIDE, TIMES, ROW_AT, PANEL_AT, ELEMENT, PANEL_ROW, SUMS] = [0, 1, 2, 3, 4, 5, 9] as const;

/** A whole number as LEB128, which serves for signed ones too: none here has the sign's bit of its last byte set. */
function leb(value: number): number[] {
  if (value < 64) return [value];
  return value < 128 ? [value | 128, 0] : [(value & 127) | 128, ...leb(value >>> 7)];
}

const simd = (opcode: number): number[] => [0xfd, ...leb(opcode)];
const constant = (value: number): number[] => [CONST, ...leb(value)];
/** Address and alignment follow the opcode; each address here is a sum of a local and a constant. */
const access = (opcode: number, offset: number): number[] => [...simd(opcode), 0, ...leb(offset)];
const section = (id: number, bytes: number[]): number[] => [id, ...leb(bytes.length), ...bytes];

/** `sums[r][c] += rows[r][k] · panel[k][c]` for all k, then the sums are stored, `gap` bytes from vector to vector. */
function product(columns: number, gap: number, fused: boolean): number[] {
  const { rows, depth } = TILE;
  const vectors = columns / 4;
  const sums = Array.from({ length: rows * vectors }, (_, i) => SUMS + i);
  // All begin with the value of one local: V8 pairs what begins alike.
  const zeros = [...constant(0), ...simd(SPLAT), SET, ELEMENT];
  const loads = sums
    .slice(0, vectors)
    .flatMap((_, v) => [GET, PANEL_AT, ...access(LOAD, 16 * v), SET, PANEL_ROW + v]);
  const multiplyAdd = (sum: number, v: number): number[] => {
    const factors = [GET, ELEMENT, GET, PANEL_ROW + v];
    const value = fused
      ? [...factors, GET, sum, ...simd(RELAXED_MADD)]
      : [GET, sum, ...factors, ...simd(F32X4_MULTIPLY), ...simd(F32X4_ADD)];
    return [...value, SET, sum];
  };
  const row = (r: number): number[] => [
    ...[GET, ROW_AT, ...access(LOAD_SPLAT, 4 * depth * r), SET, ELEMENT],
    ...sums.slice(r * vectors, (r + 1) * vectors).flatMap(multiplyAdd),
  ];
  return [
    ...zeros,
    ...sums.flatMap((sum) => [GET, ELEMENT, SET, sum]),
    ...[...constant(0), SET, ROW_AT, ...constant(PANEL), SET, PANEL_AT],
    ...[LOOP, VOID],
    ...loads,
    ...Array.from({ length: rows }, (_, r) => row(r)).flat(),
    ...[GET, PANEL_AT, ...constant(4 * columns), ADD, SET, PANEL_AT],
    ...[GET, ROW_AT, ...constant(4), ADD, TEE, ROW_AT, ...constant(4 * depth), LESS],
    ...[BRANCH_IF, 0, END],
    ...sums.flatMap((sum, i) => [...constant(0), GET, sum, ...access(STORE, RESULT + gap * i)]),
  ];
}

/**
 * A WASM module of one function `t(wide: i32, times: i32)`, some 1.2 kB: the product of 6 rows and a panel of 8 (`wide` 0) or 16
 * columns (`wide` 1), `times` over, at least once; by relaxed multiply-add where `fused`. The sums of the small tile are stored apart from each other,
 * so that no engine can pair them. It is one function, so that an engine optimises both tiles at once.
 */
export function pairingTile(fused: boolean): Uint8Array<ArrayBuffer> {
  const most = TILE.rows * (TILE.columns[1] / 4);
  const body = [
    // Two groups of locals: two numbers, then vectors.
    ...[2, 2, I32, SUMS - ELEMENT + most, V128],
    ...[LOOP, VOID, GET, WIDE, IF, VOID],
    ...product(TILE.columns[1], 16, fused),
    ELSE,
    ...product(TILE.columns[0], 64, fused),
    END,
    ...[GET, TIMES, ...constant(1), SUBTRACT, TEE, TIMES, BRANCH_IF, 0, END, END],
  ];
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [1, 1, 116, 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}
