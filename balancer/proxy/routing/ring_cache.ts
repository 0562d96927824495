/**
 * The ring of a view that arrived as plain data.
 *
 * @module
 */
import { type CompleteRingOptions, Ring } from "../../../ring/mod.ts";

/**
 * Returns the ring of these options. The current ring is reused unless the members, their weights
 * or the ring's shape changed; a change of health alone makes no new ring.
 *
 * @param options options of the ring
 * @param table the ring's table
 * @param known the current ring
 */
export function ringOf(
  options: CompleteRingOptions,
  table: Uint16Array,
  known: Ring | undefined,
): Ring {
  return known && same(known.options, options) ? known : Ring.restore(options, table);
}

function same(one: CompleteRingOptions, other: CompleteRingOptions): boolean {
  return one.slots === other.slots && one.virtualServers === other.virtualServers &&
    one.layout === other.layout && one.hashes === other.hashes &&
    one.members.length === other.members.length &&
    one.members.every(({ name, weight }, at) => {
      const member = other.members[at];
      return member?.name === name && member.weight === weight;
    });
}
