/**
 * Builds the view that the data plane routes by.
 *
 * @module
 */
import type { Ring } from "../../../ring/mod.ts";
import type { Upstream, View } from "../../view.ts";
import { isRingOf, ringOf, type RingShape, type RingSpec } from "../spec/ring_spec.ts";
import { inRing, inView, isAwaited, type Member } from "../member/member.ts";
import { rampAt, ringRamps } from "../member/slow_start.ts";

/**
 * Returns the view of a fleet without members.
 *
 * @param shape shape of the ring
 */
export function emptyView(shape: RingShape): View {
  return {
    version: 0,
    epoch: 0,
    ring: ringOf({ weights: new Map(), shape }),
    ready: new Map(),
    awaited: new Set(),
    quarantined: new Set(),
  };
}

/** Input of a view. */
interface ViewParts {
  readonly members: readonly Member[];
  readonly shape: RingShape;
  /** Epoch of the desired state. */
  readonly epoch: number;
  /** True if failed replicas are being replaced now, so that requests may wait for them. */
  readonly awaits: boolean;
  readonly quarantined: ReadonlySet<string>;
  /** Duration of a slow start, in milliseconds; 0 for none. */
  readonly slowStartMs: number;
  /** Instant of the fleet's clock, in milliseconds. */
  readonly now: number;
}

/**
 * Returns the view of the members. The ring depends on their names, their weights and the shape
 * only; a change of health keeps the ring object and swaps the ready map.
 *
 * @param before the published view
 * @param parts input of the next view
 * @returns the next view, or `before` itself if nothing changed
 */
export function nextView(before: View, parts: ViewParts): View {
  const { members, epoch, awaits, quarantined, now, slowStartMs } = parts;
  const ring = nextRing(before.ring, parts);
  const ready = new Map(
    members.filter(inView).map((member) => [member.name, upstream(member, now, slowStartMs)]),
  );
  const awaited = new Set(awaits ? members.filter((one) => isAwaited(one, now)).map(nameOf) : []);
  const same = ring === before.ring && epoch === before.epoch &&
    sameUpstreams(before.ready, ready) && sameSets(before.awaited, awaited) &&
    sameSets(before.quarantined, quarantined);
  return same ? before : { version: before.version + 1, epoch, ring, ready, awaited, quarantined };
}

function nameOf({ name }: Member): string {
  return name;
}

function sameSets(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a === b || (a.size === b.size && a.isSubsetOf(b));
}

function nextRing(before: Ring, { members, shape, now, slowStartMs }: ViewParts): Ring {
  const present = members.filter(inRing);
  const ramps = ringRamps(present, now, slowStartMs);
  const weights = present.map(({ name, weight }) =>
    [name, weight * (ramps.get(name) ?? 1)] as const
  );
  const ringSpec: RingSpec = { weights: new Map(weights), shape };
  return isRingOf(before, ringSpec) ? before : ringOf(ringSpec, before);
}

function upstream(
  { name, instance, loadRampSince }: Member,
  now: number,
  slowStartMs: number,
): Upstream {
  if (!instance) throw new TypeError(`${name} is ready without an instance`);
  const ramp = rampAt(loadRampSince, now, slowStartMs);
  const { id, address } = instance;
  return { name, instance: id, address, ...(ramp < 1 ? { ramp } : {}) };
}

function sameUpstreams(
  before: ReadonlyMap<string, Upstream>,
  after: ReadonlyMap<string, Upstream>,
): boolean {
  if (before.size !== after.size) return false;
  return [...after].every(([name, { instance, ramp }]) => {
    const known = before.get(name);
    return known?.instance === instance && known.ramp === ramp;
  });
}
