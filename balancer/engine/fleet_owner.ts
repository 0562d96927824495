/**
 * Ownership of a fleet on a Docker Engine: a mark with a heartbeat, visible to every balancer that
 * uses that Engine, from any machine.
 *
 * Labels cannot be changed, so a mark is several volumes, which need no image and are created
 * atomically by name (Docker Engine API v1.40, `/volumes`): one names the owner, one is a request to
 * take over, and one is the last heartbeat, replaced by the next number each time.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { errorMessage, type FailureLog } from "../failures.ts";
import { pause } from "./deadline.ts";
import { statusOf } from "./docker_errors.ts";
import { FLEET_LABEL } from "./docker_names.ts";
import { EngineError } from "./engine.ts";
import {
  beatsOf,
  claimOf,
  describe,
  type Kind,
  kindOf,
  lastBeat,
  markLabels,
  type Owner,
  type OwnerApi,
  ownerOf,
  type Volume,
} from "./fleet_marks.ts";

export type { Owner } from "./fleet_marks.ts";

/** Dependencies and settings of a {@linkcode FleetOwner}. */
interface FleetOwnerOptions {
  readonly api: OwnerApi;
  readonly fleet: string;
  readonly self: Owner;
  /** Ask the present owner to hand the fleet over. */
  readonly takeOver: boolean;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** Interval of heartbeats, in milliseconds. */
const BEAT_MS = 2000;

/** An owner without a heartbeat for this time, in milliseconds, counts as dead. */
const SILENCE_MS = 6000;

/** An owner without a confirmation for this time, in milliseconds, must not act. */
const STALE_MS = 5000;

/** Polling interval of another owner's mark, in milliseconds. */
const LOOK_MS = 250;

/** Delay between attempts to claim a fleet, in milliseconds. */
const CLAIM_MS = 50;

/** Longest wait for an owner that was asked to hand over, in milliseconds. */
const HAND_OVER_MS = 30_000;

/** Statuses of an Engine, or of a proxy before it, without volumes. */
const NO_VOLUMES = [403, 404, 405, 501];

/** The ownership of a fleet: claimed, confirmed, and released or lost. */
export class FleetOwner {
  readonly #options: FleetOwnerOptions;
  readonly #closing = new AbortController();
  readonly #lost = Promise.withResolvers<Owner>();
  #claiming: Promise<void> | undefined;
  #claimed = false;
  #gone = false;
  /** False if the Engine has no volumes: nothing is claimed and every action is allowed. */
  #guarded = true;
  #confirmedAt = -Infinity;
  #beat = 0;

  constructor(options: FleetOwnerOptions) {
    this.#options = options;
  }

  /** Resolves with the other balancer once this one has lost the fleet or was asked for it. */
  get lost(): Promise<Owner> {
    return this.#lost.promise;
  }

  /**
   * Claims the fleet, or confirms the ownership.
   *
   * @throws {EngineError} `owned`: another balancer owns the fleet; any other kind: unknown
   */
  async ensure(): Promise<void> {
    if (!this.#guarded) return;
    if (this.#gone) throw this.#handedOver();
    if (!this.#claimed) {
      this.#claiming ??= this.#claim().finally(() => this.#claiming = undefined);
      return await this.#claiming;
    }
    if (!this.#fresh) await this.#confirm();
  }

  /**
   * Checks that this balancer may act on the fleet, without a call.
   *
   * @throws {EngineError} `away`: the ownership may be lost
   */
  check(): void {
    if (!this.#guarded) return;
    if (this.#gone) throw this.#handedOver();
    if (this.#claimed && this.#fresh) return;
    throw new EngineError("away", `docker: no heartbeat for the fleet in ${STALE_MS} ms`);
  }

  /** Ends the heartbeats; the mark stays until it is silent, or another heartbeat renews it. */
  close(): void {
    this.#closing.abort();
    this.#gone = true;
  }

  /** Releases the fleet: removes this balancer's mark. */
  async release(): Promise<void> {
    this.#closing.abort();
    this.#gone = true;
    if (!this.#claimed) return;
    this.#claimed = false;
    for (const { Name, Labels } of await this.#marks()) {
      if (ownerOf({ Name, Labels }).id === this.#options.self.id) {
        await this.#options.api.remove(Name);
      }
    }
  }

  get #fresh(): boolean {
    return performance.now() - this.#confirmedAt < STALE_MS;
  }

  async #claim(): Promise<void> {
    const { self, log, fleet } = this.#options;
    try {
      while (!await this.#tryClaim()) await pause(CLAIM_MS);
    } catch (error) {
      if (!NO_VOLUMES.includes(statusOf(error) ?? 0)) throw error;
      this.#guarded = false;
      log.warn(
        "the Engine refuses volumes, so a second balancer could use the fleet, too: {error}",
        {
          error: errorMessage(error),
        },
      );
      return;
    }
    this.#claimed = true;
    await this.#confirm();
    log.info("this balancer owns the fleet {fleet}", { fleet, owner: self.id });
    this.#keepBeating();
  }

  async #tryClaim(): Promise<boolean> {
    const { api, self } = this.#options;
    const claim = await api.create(this.#name("owner"), markLabels("owner", this.#options));
    const other = ownerOf(claim);
    if (other.id === self.id) return true;
    // This process holds the state lock with the other one's id, so the other one is dead.
    const dead = other.lock !== "" && other.lock === self.lock;
    if (!dead) await this.#outlive(other);
    await this.#evict(other, dead ? "dead, for this one holds its lock" : "silent");
    return false;
  }

  /** Waits until the owner is silent or has handed the fleet over. */
  async #outlive(other: Owner): Promise<void> {
    const { api, takeOver, log } = this.#options;
    const first = await this.#marks();
    const age = await api.now() - lastBeat(first);
    if (age > SILENCE_MS) return;
    const start = performance.now();
    const silentAt = start + SILENCE_MS - Math.max(0, age);
    if (takeOver) {
      log.warn("LB_TAKE_OVER: asking {who} for the fleet", { who: describe(other) });
      await api.create(this.#name("take-over"), markLabels("take-over", this.#options));
    }
    for (;;) {
      await pause(LOOK_MS, this.#closing.signal);
      if (this.#closing.signal.aborted) throw this.#handedOver();
      const marks = await this.#marks();
      if (claimOf(marks)?.id !== other.id) return;
      const now = performance.now();
      const alive = beatsOf(marks) !== beatsOf(first);
      if (alive && !takeOver) throw this.#owned(other);
      if (!alive && now > silentAt || now > start + HAND_OVER_MS) return;
    }
  }

  /** Removes the mark of an owner that is dead or was asked to hand over. */
  async #evict(other: Owner, state: string): Promise<void> {
    const marks = await this.#marks();
    if (claimOf(marks)?.id !== other.id) return;
    this.#options.log.warn("{who} owned this fleet and is {state}; taking it over", {
      who: describe(other),
      state,
    });
    for (const { Name, Labels } of marks) {
      if (ownerOf({ Name, Labels }).id === other.id) await this.#options.api.remove(Name);
    }
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && !this.#gone) {
      await pause(BEAT_MS, signal);
      if (signal.aborted) return;
      try {
        await this.#confirm();
      } catch (error) {
        const away = error instanceof EngineError && error.kind === "away";
        if (!away && !this.#gone) this.#options.failures.record("engine.owner", error);
      }
    }
  }

  /** Confirms the ownership and renews the heartbeat. */
  async #confirm(): Promise<void> {
    const { self } = this.#options;
    const at = performance.now();
    const marks = await this.#marks();
    const claim = claimOf(marks) ?? ownerOf(await this.#restore());
    const asking = marks.find((mark) => kindOf(mark) === "take-over");
    const rival = claim.id === self.id ? asking && ownerOf(asking) : claim;
    if (rival && rival.id !== self.id) return this.#lose(rival);
    this.#confirmedAt = at;
    await this.#sign(marks);
  }

  /** Creates the owner's volume again: unused volumes may be pruned. */
  #restore(): Promise<Volume> {
    return this.#options.api.create(this.#name("owner"), markLabels("owner", this.#options));
  }

  async #sign(marks: readonly Volume[]): Promise<void> {
    const { api, self } = this.#options;
    const beat = `${this.#name("beat")}.${self.id.slice(0, 8)}.${++this.#beat}`;
    await api.create(beat, markLabels("beat", this.#options));
    for (const mark of marks) {
      if (kindOf(mark) === "owner" || mark.Name === beat) continue;
      // An answered request, and heartbeats of this owner and of earlier ones.
      if (!this.#closing.signal.aborted) await api.remove(mark.Name);
    }
  }

  #lose(rival: Owner): void {
    this.#gone = true;
    this.#lost.resolve(rival);
  }

  #marks(): Promise<readonly Volume[]> {
    return this.#options.api.list(`${FLEET_LABEL}=${this.#options.fleet}`);
  }

  #name(kind: Kind): string {
    return `ringkeeper-${this.#options.fleet}.${kind}`;
  }

  #owned(other: Owner): EngineError {
    return new EngineError(
      "owned",
      `LB_FLEET: the fleet ${this.#options.fleet} belongs to ${describe(other)}, which is alive; ` +
        "stop that one, set another LB_FLEET, or take the fleet over with LB_TAKE_OVER=true",
    );
  }

  #handedOver(): EngineError {
    return new EngineError("away", "docker: the fleet belongs to another balancer now");
  }
}
