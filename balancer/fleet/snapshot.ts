/**
 * From the members to the view that the data plane routes by.
 *
 * @module
 */
import { Ring, type RingOptions } from "../../ring/mod.ts";
import type { Upstream, View } from "../view.ts";
import { inRing, inView, type Member } from "./member.ts";

/** How the ring is laid out; who is on it comes from the members. */
export type RingShape = Omit<RingOptions, "members">;

/**
 * The view of a fleet with nobody in it.
 *
 * @param shape how the ring is laid out
 */
export function emptyView(shape: RingShape): View {
  return {
    version: 0,
    ring: Ring.build({ ...shape, members: [] }),
    ready: new Map(),
    awaited: new Set(),
    quarantined: new Set(),
  };
}

/**
 * The view of these members. The ring changes with the set of names only: a health change keeps
 * the very ring and swaps the ready map.
 *
 * @param before the view that is published
 * @param members every replica
 * @param shape how the ring is laid out
 * @returns the next view, or `before` itself when it still holds
 */
export function nextView(before: View, members: readonly Member[], shape: RingShape): View {
  const ring = nextRing(before.ring, members.filter(inRing), shape);
  const ready = new Map(members.filter(inView).map((member) => [member.name, upstream(member)]));
  if (ring === before.ring && sameUpstreams(before.ready, ready)) return before;
  return { ...before, version: before.version + 1, ring, ready };
}

function nextRing(before: Ring, members: readonly Member[], shape: RingShape): Ring {
  const names = members.map((member) => member.name);
  const known = new Set(before.members);
  const same = names.length === known.size && names.every((name) => known.has(name));
  return same ? before : Ring.build({ ...shape, members: names });
}

function upstream({ name, instance }: Member): Upstream {
  if (!instance) throw new TypeError(`${name} is ready without an instance`);
  return { name, instance: instance.id, address: instance.address };
}

function sameUpstreams(
  before: ReadonlyMap<string, Upstream>,
  after: ReadonlyMap<string, Upstream>,
): boolean {
  if (before.size !== after.size) return false;
  return [...after].every(([name, { instance }]) => before.get(name)?.instance === instance);
}
