/**
 * Ownership of the fleet: at most one balancer at a time changes a saved state, and the replicas of
 * a fleet on a Docker Engine.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Config } from "./config.ts";
import { EngineError } from "./engine/engine.ts";
import type { FleetOwner, Owner } from "./engine/fleet_owner.ts";
import { type LockHolder, StateLock, thisHolder } from "./fleet/store/state_lock.ts";

/** The locks of one balancer: the state file's, and the mark on the Docker Engine. */
export class Ownership {
  /** This balancer, as shown to others. */
  readonly self: Owner;
  readonly #lock: StateLock | undefined;
  /** Whether this balancer is one of several that own the fleet together. */
  readonly #common: boolean;
  readonly #takenOver = Promise.withResolvers<string>();
  #owner: FleetOwner | undefined;

  private constructor(lock: StateLock | undefined, commonId: string | undefined) {
    this.#lock = lock;
    this.#common = commonId !== undefined;
    this.self = { ...thisHolder(), id: commonId ?? crypto.randomUUID(), lock: lock?.id ?? "" };
    lock?.watch((holder) => this.#lost(holder));
  }

  /**
   * Locks the state file.
   *
   * @param config the configuration
   * @param log receives the wait for another balancer
   * @param commonId id of all balancers that share a store, which are one owner to others; undefined
   *   for a balancer that is alone
   * @throws {Error} another balancer has the state file
   */
  static async open(config: Config, log: Logger, commonId?: string): Promise<Ownership> {
    const { stateFile: path, takeOver } = config.fleet;
    const lock = path === "" ? undefined : await StateLock.take({ path, log, takeOver });
    return new Ownership(lock, commonId);
  }

  /** Resolves when another balancer asks for the fleet or has taken it: this one must end. */
  get takenOver(): Promise<string> {
    return this.#takenOver.promise;
  }

  /** Whether another balancer can own the replicas. */
  get shared(): boolean {
    return this.#owner !== undefined;
  }

  /**
   * Adds the fleet's mark on the Docker Engine.
   *
   * @param owner the mark; undefined if no other balancer can own the replicas
   */
  add(owner: FleetOwner | undefined): void {
    this.#owner = owner;
  }

  /**
   * Claims the replicas. An unreachable engine is no error: the claim follows when the engine is
   * back.
   *
   * @throws {EngineError} `owned`: another balancer owns them
   */
  async claim(): Promise<void> {
    try {
      await this.#owner?.ensure();
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind === "owned") throw error;
    }
  }

  /** Watches for other balancers that ask for the replicas, or have taken them. */
  watch(): void {
    this.#owner?.lost.then((owner) => this.#lost(owner));
  }

  /** Releases the replicas. The mark of several balancers stays: it ends with their heartbeats. */
  async release(): Promise<void> {
    if (this.#common) this.#owner?.close();
    else await this.#owner?.release();
  }

  /** Unlocks the state file. */
  unlock(): void {
    this.#lock?.[Symbol.dispose]();
  }

  #lost({ pid, host }: Pick<LockHolder, "pid" | "host">): void {
    this.#takenOver.resolve(`the balancer with process id ${pid} on ${host}`);
  }
}
