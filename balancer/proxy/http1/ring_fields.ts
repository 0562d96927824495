/**
 * The fields that name a response's origin: `X-Ring-Slot`, the slot of its request, and
 * `X-Ring-Replica`, the replica that answered.
 *
 * @module
 */

import type { Fields } from "./fields.ts";
import { ascii, writeAscii, writeBytes, writeNumber } from "./writer.ts";

/** Origin of a response. */
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
 * Marks the fields of these names, so that they are not forwarded: a replica does not know its
 * place on the ring.
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
 * @param place values of the fields
 * @returns index after the last byte written
 */
export function writeRingFields(out: Uint8Array, at: number, place: RingPlace): number {
  let to = writeNumber(out, writeBytes(out, at, SLOT), place.slot);
  to = writeBytes(out, writeBytes(out, to, LINE_END), REPLICA);
  return writeBytes(out, writeAscii(out, to, place.replica), LINE_END);
}
