/**
 * Requests that kill: a key that was in flight in several deaths in a row is not sent to anybody
 * for a while, instead of walking round the ring and killing every replica.
 *
 * @module
 */
import type { Evidence } from "../../view.ts";
import { isLeaving, type Member } from "../member/member.ts";
import type { Observation } from "../member/observation.ts";
import type { FleetPolicy } from "../member/policy.ts";

/** A request that was in flight so shortly before or after a death had to do with it. */
const AROUND_MS = 1000;

/** Deaths further apart than this are not in a row. */
const ROW_MS = 60_000;

/** Keys that many deaths share are popular; what is poisonous is shared by few, or alone. */
const SHARED = 2;

/** So many keys are kept of one instance. */
const KEYS = 1024;

interface InFlight {
  at: number;
  readonly keys: Set<string>;
}

interface Death {
  readonly instance: string;
  readonly at: number;
  readonly keys: ReadonlySet<string>;
}

/** A key that is quarantined. */
export interface QuarantinedKey {
  readonly key: string;
  /** Until when, milliseconds since the epoch. */
  readonly until: number;
}

/** Watches which keys were in flight when instances died. */
export class PoisonKeys {
  readonly #policy: Pick<FleetPolicy, "poisonDeaths" | "quarantineMs">;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #until = new Map<string, number>();
  #deaths: Death[] = [];
  #keys: ReadonlySet<string> = new Set();

  constructor(policy: Pick<FleetPolicy, "poisonDeaths" | "quarantineMs">) {
    this.#policy = policy;
  }

  /** The keys that are quarantined. The same set for as long as nothing changes. */
  keys(now: number): ReadonlySet<string> {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    if (this.#until.size !== this.#keys.size) this.#keys = new Set(this.#until.keys());
    return this.#keys;
  }

  /** The keys with the end of their time. */
  list(now: number): readonly QuarantinedKey[] {
    return [...this.keys(now)].map((key) => ({ key, until: this.#until.get(key) ?? now }));
  }

  /** When the next key is let go, milliseconds since the epoch; `Infinity` where there is none. */
  get nextDeadline(): number {
    return Math.min(...this.#until.values());
  }

  /** Takes the observations that concern poison keys; ignores every other event. */
  handle(
    event: Observation | { readonly type: "view" | "replica" | "engine" | "incident" | "deploy" },
  ): void {
    if (event.type === "evidence") this.#onEvidence(event.evidence, event.at);
    if (event.type === "changed") this.#onChange(event.before, event.after, event.at);
  }

  /** Only a request that the instance may have received can have killed it. */
  #onEvidence({ instance, kind, unreachable, key }: Evidence, now: number): void {
    const received = !unreachable && (kind === "reset" || kind === "timeout");
    if (received) this.recordFailure(instance, key, now);
  }

  /** An instance that missed heartbeats hung, and every request in it hung too: no sign of poison. */
  #onChange(before: Member, after: Member | undefined, now: number): void {
    const { instance, misses } = before;
    const ended = instance && instance.id !== after?.instance?.id;
    if (ended && misses === 0 && !isLeaving(after ?? before)) this.recordDeath(instance.id, now);
  }

  /** A request failed that may have been in an instance's hands. */
  recordFailure(instance: string, key: string, now: number): void {
    if (this.#policy.poisonDeaths === 0) return;
    for (const [id, { at }] of this.#inFlight) if (now - at > AROUND_MS) this.#inFlight.delete(id);
    const seen = this.#inFlight.get(instance) ?? { at: now, keys: new Set() };
    seen.at = now;
    if (seen.keys.size < KEYS) seen.keys.add(key);
    this.#inFlight.set(instance, seen);
    // The word of an instance's death may come before that of the requests it took with it.
    if (this.#deaths.at(-1)?.instance === instance) this.#judge(now);
  }

  /** An instance died. */
  recordDeath(instance: string, now: number): void {
    if (this.#policy.poisonDeaths === 0) return;
    const keys = this.#inFlight.get(instance)?.keys ?? new Set();
    this.#inFlight.set(instance, { at: now, keys });
    this.#deaths = [...this.#deaths, { instance, at: now, keys }]
      .slice(-this.#policy.poisonDeaths)
      .filter(({ at }) => now - at <= ROW_MS);
    this.#judge(now);
  }

  #judge(now: number): void {
    const last = this.#deaths.at(-1);
    if (!last || this.#deaths.length < this.#policy.poisonDeaths) return;
    const shared = [...last.keys].filter((key) => this.#deaths.every(({ keys }) => keys.has(key)));
    if (shared.length > SHARED) return;
    for (const key of shared) this.#until.set(key, now + this.#policy.quarantineMs);
  }
}
