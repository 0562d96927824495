/**
 * The fields that say where a response comes from: `X-Ring-Slot`, the slot that its request falls
 * on, and `X-Ring-Replica`, who answered.
 *
 * @module
 */

import type { Fields } from "./fields.ts";
import { ascii, writeAscii, writeBytes, writeNumber } from "./writer.ts";

/** Where a response comes from. */
export interface RingPlace {
  readonly slot: number;
  /** Name of the replica, in ASCII. */
  readonly replica: string;
}

const SLOT = ascii("X-Ring-Slot: ");
const REPLICA = ascii("X-Ring-Replica: ");
const LINE_END = ascii("\r\n");
const NAMES = [ascii("x-ring-slot"), ascii("x-ring-replica")];

/**
 * Has the fields of these names stop here: a replica does not know where it stands on the ring.
 *
 * @param fields the response's fields
 * @param bytes buffer that was parsed
 */
export function hideRingFields(fields: Fields, bytes: Uint8Array): void {
  for (const name of NAMES) fields.hide(bytes, name);
}

/**
 * Writes both field lines.
 *
 * @param out buffer to write to, with room for 48 bytes beside the name
 * @param at index of the first byte to write
 * @param place what they say
 * @returns index after the last byte written
 */
export function writeRingFields(out: Uint8Array, at: number, place: RingPlace): number {
  let to = writeNumber(out, writeBytes(out, at, SLOT), place.slot);
  to = writeBytes(out, writeBytes(out, to, LINE_END), REPLICA);
  return writeBytes(out, writeAscii(out, to, place.replica), LINE_END);
}
