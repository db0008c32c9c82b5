/** A Buffer's bytes as a Uint8Array proper, whose `slice` copies. */
export function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
