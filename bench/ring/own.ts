/**
 * Our ring, in each of its layouts.
 *
 * @module
 */
import { DEFAULT_SLOTS, type Layout, Ring } from "../../ring/mod.ts";
import type { Contestant, Router } from "./contestant.ts";

/**
 * Slots of each layout, for any number of members up to 1000: as few as give a thousand members
 * some slots each, and in layout `ring` a power of two that holds their 9000 virtual servers.
 */
export const SLOTS: Readonly<Record<Layout, number>> = {
  even: 4096,
  rendezvous: 4096,
  ring: 16_384,
};

/** The layouts, the default first. */
export const LAYOUTS: readonly Layout[] = ["even", "rendezvous", "ring"];

/** Our contestants. */
export const OWN: readonly Contestant[] = LAYOUTS.map((layout) => ownOf(layout, SLOTS[layout]));

/** The same layouts with the default number of slots. */
export const OWN_DEFAULTS: readonly Contestant[] = LAYOUTS.map((layout) =>
  ownOf(layout, DEFAULT_SLOTS)
);

function ownOf(layout: Layout, slots: number): Contestant {
  return {
    name: `${layout} (ours)`,
    kind: "own",
    weights: true,
    build: (members) => new OwnRouter(Ring.build({ members, layout, slots })),
  };
}

/** A ring and its digest, which a balancer publishes with every change and so always needs. */
class OwnRouter implements Router {
  readonly digest: string;

  constructor(readonly ring: Ring) {
    this.digest = ring.digest;
  }

  ownerOfKey(key: string): string | undefined {
    return this.ring.ownerOfKey(key);
  }

  lookUpKeys(keys: readonly string[], from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let at = from; at < to; at++) if (ring.ownerOfKey(keys[at]!) !== undefined) found++;
    return found;
  }

  lookUpIds(from: number, to: number): number {
    const { ring } = this;
    let found = 0;
    for (let id = from; id < to; id++) if (ring.ownerOfId(id) !== undefined) found++;
    return found;
  }

  slotsOfIds(from: number, to: number): number {
    const { ring } = this;
    let sum = 0;
    for (let id = from; id < to; id++) sum = sum + ring.slotOfId(id) | 0;
    return sum;
  }

  add(name: string): Router {
    return new OwnRouter(this.ring.with({ add: [name] }));
  }

  remove(name: string): Router {
    return new OwnRouter(this.ring.with({ remove: [name] }));
  }
}
