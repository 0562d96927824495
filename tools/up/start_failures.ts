/**
 * Why replicas of a balancer that was just started do not become ready.
 *
 * @module
 */
import { plain } from "../cli/figures.ts";

/** The part of a replica in `GET /_lb/status` that is read here. */
export interface StartingReplica {
  readonly name: string;
  readonly state: string;
  readonly lastError: {
    readonly message: string;
    readonly exit?: string;
    /** Which start in a row failed. */
    readonly attempt?: number;
    readonly lastWords?: readonly string[];
  } | null;
}

/** A replica is reported from this failed start on: one alone may be chance. */
const REPORTED_ATTEMPT = 2;

/** Follows the starts of a fleet's replicas. */
export class StartFailures {
  readonly #deadlineMs: number;
  readonly #startedAt = performance.now();
  readonly #reported = new Set<string>();
  #failing: string | undefined;

  /** @param deadlineMs how long starts may fail before they are given up, in milliseconds */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Takes a look at the replicas.
   *
   * @param replicas as the status shows them now
   * @returns lines to show: each failure once, with the last lines of the replica
   */
  look(replicas: readonly StartingReplica[]): string[] {
    const failing = replicas.filter(({ state, lastError }) =>
      state !== "ready" && (lastError?.attempt ?? 0) >= REPORTED_ATTEMPT
    );
    const [first] = failing;
    this.#failing = first && `${first.name} does not start: ${failureOf(first)}`;
    return failing.flatMap((replica) => this.#report(replica));
  }

  /** Why waiting longer is pointless; undefined while there is hope. */
  get hopeless(): string | undefined {
    if (performance.now() - this.#startedAt < this.#deadlineMs) return undefined;
    return this.#failing && `gave up after ${this.#deadlineMs / 1000} s: ${this.#failing}`;
  }

  /** What several replicas fail of in the same way is told once. */
  #report(replica: StartingReplica): string[] {
    const { name, lastError } = replica;
    const failure = failureOf(replica);
    const words = lastError?.lastWords ?? [];
    // Times and process ids differ from one start to the next.
    const key = JSON.stringify([lastError?.exit ?? failure, words]).replace(/\d+/g, "#");
    if (this.#reported.has(key)) return [];
    this.#reported.add(key);
    const wrote = words.length === 0 ? "and wrote nothing" : "and wrote:";
    const line = `${name} failed to start ${lastError?.attempt} times (${failure}) ${wrote}`;
    return [line, ...words.map((word) => `  ${plain(word)}`)];
  }
}

function failureOf({ lastError }: StartingReplica): string {
  if (!lastError) return "no reason is known";
  const { message, exit } = lastError;
  return plain(exit === undefined || message.includes(exit) ? message : `${message}; ${exit}`);
}
