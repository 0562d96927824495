/**
 * Finds the reason why the replicas of a new balancer do not become ready.
 *
 * @module
 */
import { plain } from "../cli/figures.ts";

/** The fields of a replica in `GET /_lb/status` that are read here. */
export interface StartingReplica {
  readonly name: string;
  readonly state: string;
  readonly lastError: {
    readonly message: string;
    readonly exit?: string;
    /** The number of failed starts in a row. */
    readonly attempt?: number;
    readonly lastWords?: readonly string[];
  } | null;
}

/** Failed starts from which a replica is reported: a single one may be chance. */
const REPORTED_ATTEMPT = 2;

/** Follows the starts of a fleet's replicas. */
export class StartFailures {
  readonly #deadlineMs: number;
  readonly #startedAt = performance.now();
  readonly #reported = new Set<string>();
  #failing: string | undefined;

  /** @param deadlineMs milliseconds of failing starts until they are given up */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Checks the replicas.
   *
   * @param replicas the replicas in the present status
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

  /** The reason why further waiting is pointless; undefined while it may help. */
  get hopeless(): string | undefined {
    if (performance.now() - this.#startedAt < this.#deadlineMs) return undefined;
    return this.#failing && `gave up after ${this.#deadlineMs / 1000} s: ${this.#failing}`;
  }

  /** The same failure of several replicas is reported once. */
  #report(replica: StartingReplica): string[] {
    const { name, lastError } = replica;
    const failure = failureOf(replica);
    const words = lastError?.lastWords ?? [];
    // Times and process ids differ between starts.
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
