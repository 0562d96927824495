/**
 * Integers of HPACK (RFC 7541, section 5.1).
 *
 * @module
 */

/**
 * Writes an integer.
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param value the integer
 * @param prefix number of bits of the first byte that belong to the integer
 * @param flags the other bits of the first byte
 * @returns index after the last byte written
 */
export function writeInteger(
  out: Uint8Array,
  at: number,
  value: number,
  prefix: number,
  flags: number,
): number {
  const most = (1 << prefix) - 1;
  if (value < most) {
    out[at] = flags | value;
    return at + 1;
  }
  out[at] = flags | most;
  let to = at + 1;
  let rest = value - most;
  for (; rest >= 128; rest >>>= 7) out[to++] = rest & 127 | 128;
  out[to++] = rest;
  return to;
}
