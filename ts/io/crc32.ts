/** Bytes that are taken at once. */
const STRIDE = 8;

/** CRC-32 of zip, gzip and PNG (polynomial 0xedb88320), unsigned. */
export function crc32(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables();
  let crc = 0xffffffff;
  let at = 0;
  for (const end = bytes.length - STRIDE; at <= end; at += STRIDE) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 255]! ^
      t6[(crc >>> 8) & 255]! ^
      t5[(crc >>> 16) & 255]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}

type Table = Int32Array;
type Tables = readonly [Table, Table, Table, Table, Table, Table, Table, Table];
let made: Tables | undefined;

/** What a byte does to the checksum, and what it does when one to seven bytes of 0 follow. */
function tables(): Tables {
  if (made) return made;
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
  const after = (table: Table): Table => table.map((crc) => (crc >>> 8) ^ first[crc & 255]!);
  const t1 = after(first);
  const t2 = after(t1);
  const t3 = after(t2);
  const t4 = after(t3);
  const t5 = after(t4);
  const t6 = after(t5);
  made = [first, t1, t2, t3, t4, t5, t6, after(t6)];
  return made;
}
