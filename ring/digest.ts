/**
 * The fingerprint of a ring.
 *
 * @module
 */

import { Fnv1a64 } from "./fnv1a.ts";

/**
 * Returns the fingerprint of a table and its members. Rings with equal tables and members have
 * equal fingerprints; others differ, but for one chance in 2^64.
 *
 * @param members The names of the members in canonical order.
 * @param table For each slot the index of its owner among the members.
 * @returns 16 hexadecimal characters.
 */
export function digestOf(members: readonly string[], table: Readonly<Uint16Array>): string {
  const hash = new Fnv1a64();
  // Counts go first, so that ["ab"] and ["a", "b"] have different input.
  hash.addUint32(members.length);
  for (const name of members) addText(hash, name);
  for (const owner of table) hash.addUint16(owner);
  return hash.toString();
}

function addText(hash: Fnv1a64, text: string): void {
  hash.addUint32(text.length);
  for (let at = 0; at < text.length; at++) hash.addUint16(text.charCodeAt(at));
}
