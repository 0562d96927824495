/**
 * Poison keys: a request key that was in flight in several deaths in a row is quarantined for a
 * while. Otherwise its requests would move along the ring and kill every replica.
 *
 * @module
 */
import type { Evidence } from "../../view.ts";
import { isLeaving, type Member } from "../member/member.ts";
import type { Observation } from "../member/observation.ts";
import type { FleetPolicy } from "../member/policy.ts";

/**
 * A request counts for a death if it failed within this time before or after it, in milliseconds.
 */
const AROUND_MS = 1000;

/** Deaths further apart than this, in milliseconds, are not in a row. */
const ROW_MS = 60_000;

/**
 * Upper bound of shared keys that are quarantined: keys that many deaths share are just popular.
 */
const SHARED = 2;

/** Number of keys that are kept for one instance. */
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

/** A quarantined key. */
interface QuarantinedKey {
  readonly key: string;
  /** End of the quarantine, an instant of the fleet's clock in milliseconds. */
  readonly until: number;
}

/** Records which keys were in flight when instances died. */
export class PoisonKeys {
  readonly #policy: Pick<FleetPolicy, "poisonDeaths" | "quarantineMs">;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #until = new Map<string, number>();
  #deaths: Death[] = [];
  #keys: ReadonlySet<string> = new Set();

  constructor(policy: Pick<FleetPolicy, "poisonDeaths" | "quarantineMs">) {
    this.#policy = policy;
  }

  /** Returns the quarantined keys. The set is the same object until it changes. */
  keys(now: number): ReadonlySet<string> {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    if (this.#until.size !== this.#keys.size) this.#keys = new Set(this.#until.keys());
    return this.#keys;
  }

  /** Returns the quarantined keys with the ends of their quarantine. */
  list(now: number): readonly QuarantinedKey[] {
    return [...this.keys(now)].map((key) => ({ key, until: this.#until.get(key) ?? now }));
  }

  /** When the next quarantine ends, an instant in milliseconds; `Infinity` if there is none. */
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

  /**
   * An instance that missed heartbeats hung, and all its requests with it: not a sign of poison.
   */
  #onChange(before: Member, after: Member | undefined, now: number): void {
    const { instance, misses } = before;
    const ended = instance && instance.id !== after?.instance?.id;
    if (ended && misses === 0 && !isLeaving(after ?? before)) this.recordDeath(instance.id, now);
  }

  /**
   * Records a failed request that the instance may have received.
   *
   * @param instance id of the instance
   * @param key key of the request
   * @param now instant of the fleet's clock, in milliseconds
   */
  recordFailure(instance: string, key: string, now: number): void {
    if (this.#policy.poisonDeaths === 0) return;
    for (const [id, { at }] of this.#inFlight) if (now - at > AROUND_MS) this.#inFlight.delete(id);
    const seen = this.#inFlight.get(instance) ?? { at: now, keys: new Set() };
    seen.at = now;
    if (seen.keys.size < KEYS) seen.keys.add(key);
    this.#inFlight.set(instance, seen);
    // The report of a death may arrive before the reports of its failed requests.
    if (this.#deaths.at(-1)?.instance === instance) this.#judge(now);
  }

  /**
   * Records the death of an instance.
   *
   * @param instance id of the instance
   * @param now instant of the fleet's clock, in milliseconds
   */
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
