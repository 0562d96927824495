/**
 * Who owns a fleet on a Docker Engine: a mark that every balancer on that Engine sees, from
 * whichever machine, with a heartbeat.
 *
 * Labels never change, so a mark is several volumes, which need no image and are created
 * atomically by name (Docker Engine API v1.40, `/volumes`): one says who owns the fleet, one asks
 * for it, and one is the last heartbeat, replaced under the next number each time.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { errorMessage, type FailureLog } from "../failures.ts";
import { pause } from "./deadline.ts";
import { statusOf } from "./docker_errors.ts";
import { FLEET_LABEL } from "./docker_names.ts";
import { EngineError } from "./engine.ts";

/** A balancer, as its mark describes it. */
export interface Owner {
  /** Never used twice. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Id of the lock that the balancer holds on its state file; empty where it has none. */
  readonly lock: string;
}

/** What matters of a volume. */
export interface Volume {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  /** ISO 8601, by the Engine's clock. */
  readonly CreatedAt?: string;
}

/** What is asked of the Engine here. */
export interface OwnerApi {
  /** @returns the volume of the name, which may have existed before */
  create(name: string, labels: Record<string, string>): Promise<Volume>;
  /** Every volume with a label. */
  list(label: string): Promise<readonly Volume[]>;
  /** A volume that is gone already counts as removed. */
  remove(name: string): Promise<void>;
  /** The Engine's own clock, milliseconds since the epoch. */
  now(): Promise<number>;
}

/** What a {@linkcode FleetOwner} is made of. */
export interface FleetOwnerOptions {
  readonly api: OwnerApi;
  readonly fleet: string;
  readonly self: Owner;
  /** Whether a balancer that owns the fleet is asked to hand it over. */
  readonly takeOver: boolean;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** Labels of the volumes of a mark. */
const MARK_LABEL = "ringkeeper.mark";
const OWNER_LABEL = "ringkeeper.owner";
const HOST_LABEL = "ringkeeper.host";
const PID_LABEL = "ringkeeper.pid";
const LOCK_LABEL = "ringkeeper.lock";

/** Milliseconds between two heartbeats. */
const BEAT_MS = 2000;

/** An owner without a heartbeat for this time, in milliseconds, is taken for dead. */
const SILENCE_MS = 6000;

/** Without a confirmation for this time, in milliseconds, an owner acts no more. */
const STALE_MS = 5000;

/** Milliseconds between two looks at the mark of another. */
const LOOK_MS = 250;

/** Milliseconds between two tries to claim a fleet. */
const CLAIM_MS = 50;

/** A balancer that was asked for its fleet may take this long, in milliseconds. */
const HAND_OVER_MS = 30_000;

/** Answers of an Engine, or of a proxy before it, that offers no volumes. */
const NO_VOLUMES = [403, 404, 405, 501];

/** Owns a fleet, once it has claimed it, until it is released or lost. */
export class FleetOwner {
  readonly #options: FleetOwnerOptions;
  readonly #closing = new AbortController();
  readonly #lost = Promise.withResolvers<Owner>();
  #claiming: Promise<void> | undefined;
  #claimed = false;
  #gone = false;
  /** False where the Engine offers no volumes: then nothing is claimed and everything allowed. */
  #guarded = true;
  #confirmedAt = -Infinity;
  #beat = 0;

  constructor(options: FleetOwnerOptions) {
    this.#options = options;
  }

  /** Resolves with who asks for the fleet, or has it, when it is not ours any more. */
  get lost(): Promise<Owner> {
    return this.#lost.promise;
  }

  /**
   * Claims the fleet, or makes sure that it is still ours.
   *
   * @throws {EngineError} `owned`: another balancer has it; any other kind: nothing is known
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
   * Makes sure that the fleet may be acted on, without a call.
   *
   * @throws {EngineError} `away`: it may not be ours any more
   */
  check(): void {
    if (!this.#guarded) return;
    if (this.#gone) throw this.#handedOver();
    if (this.#claimed && this.#fresh) return;
    throw new EngineError("away", `docker: no heartbeat for the fleet in ${STALE_MS} ms`);
  }

  /** Gives the fleet back: its mark is removed if it is ours. */
  async release(): Promise<void> {
    this.#closing.abort();
    this.#gone = true;
    if (!this.#claimed) return;
    this.#claimed = false;
    for (const { Name, Labels } of await this.#marks()) {
      if (Labels?.[OWNER_LABEL] === this.#options.self.id) await this.#options.api.remove(Name);
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
      log.warn("the Engine offers no volumes, so nothing keeps a second balancer off: {error}", {
        error: errorMessage(error),
      });
      return;
    }
    this.#claimed = true;
    await this.#confirm();
    log.info("this balancer owns the fleet {fleet}", { fleet, owner: self.id });
    this.#keepBeating();
  }

  async #tryClaim(): Promise<boolean> {
    const { api, self } = this.#options;
    const claim = await api.create(this.#name("owner"), this.#labels("owner"));
    const other = ownerOf(claim);
    if (other.id === self.id) return true;
    // Only one process holds the lock of that id, and this process does: the other one is dead.
    const dead = other.lock !== "" && other.lock === self.lock;
    if (!dead) await this.#outlive(other);
    await this.#evict(other, dead ? "dead, for this one holds its lock" : "silent");
    return false;
  }

  /** Waits until the owner is silent, or has handed the fleet over. */
  async #outlive(other: Owner): Promise<void> {
    const { api, takeOver, log } = this.#options;
    const first = await this.#marks();
    const age = await api.now() - lastBeat(first);
    if (age > SILENCE_MS) return;
    const start = performance.now();
    const silentAt = start + SILENCE_MS - Math.max(0, age);
    if (takeOver) {
      log.warn("LB_TAKE_OVER: asking {who} for the fleet", { who: describe(other) });
      await api.create(this.#name("take-over"), this.#labels("take-over"));
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

  /** Removes the mark of an owner that is dead, or was asked to go. */
  async #evict(other: Owner, state: string): Promise<void> {
    const marks = await this.#marks();
    if (claimOf(marks)?.id !== other.id) return;
    this.#options.log.warn("{who} owned this fleet and is {state}; taking it over", {
      who: describe(other),
      state,
    });
    for (const { Name, Labels } of marks) {
      if (Labels?.[OWNER_LABEL] === other.id) await this.#options.api.remove(Name);
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

  /** Looks whether the fleet is still ours, and shows that its owner lives. */
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

  /** Unused volumes may be pruned. */
  #restore(): Promise<Volume> {
    return this.#options.api.create(this.#name("owner"), this.#labels("owner"));
  }

  async #sign(marks: readonly Volume[]): Promise<void> {
    const { api, self } = this.#options;
    const beat = `${this.#name("beat")}.${self.id.slice(0, 8)}.${++this.#beat}`;
    await api.create(beat, this.#labels("beat"));
    for (const mark of marks) {
      if (kindOf(mark) === "owner" || mark.Name === beat) continue;
      // A request that was answered, and beats of this owner and of those before it.
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

  #labels(kind: Kind): Record<string, string> {
    const { fleet, self } = this.#options;
    return {
      [FLEET_LABEL]: fleet,
      [MARK_LABEL]: kind,
      [OWNER_LABEL]: self.id,
      [HOST_LABEL]: self.host,
      [PID_LABEL]: String(self.pid),
      [LOCK_LABEL]: self.lock,
    };
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

/** What a volume of a mark stands for. */
type Kind = "owner" | "beat" | "take-over";

function kindOf({ Labels }: Volume): Kind | undefined {
  return Labels?.[MARK_LABEL] as Kind | undefined;
}

function ownerOf({ Labels }: Volume): Owner {
  return {
    id: Labels?.[OWNER_LABEL] ?? "",
    host: Labels?.[HOST_LABEL] ?? "",
    pid: Number(Labels?.[PID_LABEL] ?? 0),
    lock: Labels?.[LOCK_LABEL] ?? "",
  };
}

function claimOf(marks: readonly Volume[]): Owner | undefined {
  const claim = marks.find((mark) => kindOf(mark) === "owner");
  return claim && ownerOf(claim);
}

/** Changes with each heartbeat. */
function beatsOf(marks: readonly Volume[]): string {
  return marks.filter((mark) => kindOf(mark) === "beat").map(({ Name }) => Name).sort().join();
}

/** When the owner was alive last, by the Engine's clock; 0 where nothing says so. */
function lastBeat(marks: readonly Volume[]): number {
  const times = marks.filter((mark) => kindOf(mark) !== "take-over")
    .map(({ CreatedAt }) => Date.parse(CreatedAt ?? "") || 0);
  return Math.max(0, ...times);
}

function describe({ host, pid }: Owner): string {
  return `the balancer with process id ${pid} on ${host}`;
}
