/**
 * The ring of a view that came as plain data.
 *
 * @module
 */
import { type CompleteRingOptions, Ring } from "../../../ring/mod.ts";

/**
 * The ring of these options. One that is there already is used on: it is built anew only when the
 * members, their weights or its shape changed, not when their health did.
 *
 * @param options what it is made of
 * @param known the ring so far
 */
export function ringOf(options: CompleteRingOptions, known: Ring | undefined): Ring {
  return known && same(known.options, options) ? known : Ring.build(options, known);
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
