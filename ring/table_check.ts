/**
 * The check of a table that another thread has computed.
 *
 * @module
 */
import type { CompleteRingOptions } from "./options.ts";

/**
 * Checks that a table fits the options of a ring.
 *
 * @throws {RangeError} When its length is not the number of slots, or an owner is not a member.
 */
export function checkTable(table: Uint16Array, { slots, members }: CompleteRingOptions): void {
  if (table.length !== slots) {
    throw new RangeError(`table must have ${slots} slots, got ${table.length}`);
  }
  const last = Math.max(members.length, 1) - 1;
  const stranger = table.find((owner) => owner > last);
  if (stranger === undefined) return;
  throw new RangeError(`an owner must be at most ${last}, the last member, got ${stranger}`);
}
