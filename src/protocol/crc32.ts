/**
 * CRC-32 as zip, PNG and Python's `zlib.crc32` compute it: 8 hexadecimal digits. Finds every error within 32 bits in a row,
 * and all but one in four billion others. (Node's own is in `node:zlib`, which takes 4 ms to load: as long as a step.)
 */
export function crc32(...pieces: readonly Uint8Array[]): string {
  let crc = -1;
  for (const bytes of pieces) {
    for (let at = 0; at < bytes.length; at++) crc = (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xed_b8_83_20 : crc >>> 1;
  return crc;
});
