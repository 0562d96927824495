/**
 * Compares the services of a fleet with those seen before, since Swarm sends no events about tasks.
 * Pure but for its memory.
 *
 * @module
 */
import type { EngineEvent } from "./engine.ts";
import { serviceIdentity } from "./swarm_names.ts";
import { endOf, isRunning, type Placed } from "./swarm_reading.ts";

/** The end of an instance. */
type SwarmExit = Extract<EngineEvent, { readonly type: "exit" }>;

/** A service that was seen. */
interface Seen {
  readonly name: string;
  /** Whether its end has been reported, or it had ended before the first look. */
  ended: boolean;
  /** Whether its task was seen running. */
  ran: boolean;
}

/** Remembers the services of a fleet, and reports each end once. */
export class SwarmDiff {
  readonly #seen = new Map<string, Seen>();
  #begun = false;

  /** Ids of the services whose end was reported and that still exist. */
  get ended(): ReadonlySet<string> {
    return new Set([...this.#seen].filter(([, { ended }]) => ended).map(([id]) => id));
  }

  /**
   * Takes the present services.
   *
   * @returns the ends since the last call; none at the first one
   */
  take(placed: readonly Placed[]): SwarmExit[] {
    const exits: SwarmExit[] = [];
    const present = new Set<string>();
    for (const one of placed) {
      present.add(one.service.ID);
      const exit = this.#compare(one);
      if (exit && this.#begun) exits.push(exit);
    }
    for (const [id, { name, ended, ran }] of this.#seen) {
      if (present.has(id)) continue;
      this.#seen.delete(id);
      if (!ended && ran) exits.push({ type: "exit", name, id, reason: "removed" });
    }
    this.#begun = true;
    return exits;
  }

  /**
   * Notes an end that was known before the swarm shows it, as that of a container on this machine.
   *
   * @returns the end; undefined if it was reported already, or the service is unknown
   */
  end(id: string, reason: string): SwarmExit | undefined {
    const seen = this.#seen.get(id);
    if (!seen || seen.ended) return undefined;
    seen.ended = true;
    return { type: "exit", name: seen.name, id, reason };
  }

  #compare(placed: Placed): SwarmExit | undefined {
    const { ID } = placed.service;
    const { name } = serviceIdentity(placed.service);
    const before = this.#seen.get(ID);
    const end = endOf(placed);
    const ran = before?.ran === true || isRunning(placed);
    // A spare may have been given a name since.
    this.#seen.set(ID, { name, ran, ended: before?.ended === true || end !== undefined });
    if (end === undefined || before?.ended) return undefined;
    return { type: "exit", name, id: ID, reason: end };
  }
}
