/**
 * The fields that name a response's origin: `X-Ring-Slot`, the slot of its request,
 * `X-Ring-Replica`, the replica that answered, and `X-Ring-Epoch` and `X-Ring-Digest`, the ring that
 * the request was routed by. Balancers of one fleet that name the same epoch have the same ring.
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
  /** The field lines of the ring, from {@linkcode ringLines}. */
  readonly lines: Uint8Array;
}

const SLOT = ascii("X-Ring-Slot: ");
const REPLICA = ascii("X-Ring-Replica: ");
const LINE_END = ascii("\r\n");
const NAMES = [
  ascii("x-ring-slot"),
  ascii("x-ring-replica"),
  ascii("x-ring-epoch"),
  ascii("x-ring-digest"),
];

/** No field lines. */
export const NO_LINES = new Uint8Array(0);

/**
 * Returns the field lines that are equal for all responses of a view, so that they are formatted
 * once.
 *
 * @param epoch epoch of the view
 * @param digest digest of its ring
 */
export function ringLines(epoch: number, digest: string): Uint8Array {
  return ascii(`X-Ring-Epoch: ${epoch}\r\nX-Ring-Digest: ${digest}\r\n`);
}

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
 * Writes the field lines.
 *
 * @param out buffer to write to, with room for 48 bytes beside the name and the ring's lines
 * @param at index of the first byte to write
 * @param place values of the fields
 * @returns index after the last byte written
 */
export function writeRingFields(out: Uint8Array, at: number, place: RingPlace): number {
  let to = writeNumber(out, writeBytes(out, at, SLOT), place.slot);
  to = writeBytes(out, writeBytes(out, to, LINE_END), REPLICA);
  to = writeBytes(out, writeAscii(out, to, place.replica), LINE_END);
  return writeBytes(out, to, place.lines);
}
