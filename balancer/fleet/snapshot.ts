/**
 * From the members to the view that the data plane routes by.
 *
 * @module
 */
import { Ring, type RingOptions } from "../../ring/mod.ts";
import type { Upstream, View } from "../view.ts";
import { inRing, inView, isAwaited, type Member } from "./member.ts";

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

/** What a view is made of. */
export interface ViewParts {
  readonly members: readonly Member[];
  readonly shape: RingShape;
  /** Whether replicas that failed are replaced at present, so that waiting for them makes sense. */
  readonly awaits: boolean;
  readonly quarantined: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The view of these members. The ring changes with the set of names only: a health change keeps
 * the very ring and swaps the ready map.
 *
 * @param before the view that is published
 * @param parts what the next one is made of
 * @returns the next view, or `before` itself when it still holds
 */
export function nextView(before: View, parts: ViewParts): View {
  const { members, shape, awaits, quarantined, now } = parts;
  const ring = nextRing(before.ring, members.filter(inRing), shape);
  const ready = new Map(members.filter(inView).map((member) => [member.name, upstream(member)]));
  const awaited = new Set(awaits ? members.filter((one) => isAwaited(one, now)).map(nameOf) : []);
  const same = ring === before.ring && sameUpstreams(before.ready, ready) &&
    sameSets(before.awaited, awaited) && sameSets(before.quarantined, quarantined);
  return same ? before : { version: before.version + 1, ring, ready, awaited, quarantined };
}

function nameOf({ name }: Member): string {
  return name;
}

function sameSets(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a === b || (a.size === b.size && a.isSubsetOf(b));
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
