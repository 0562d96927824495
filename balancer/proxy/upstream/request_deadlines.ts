/**
 * Until when each phase of a request has to go on.
 *
 * @module
 */
import type { Deadlines } from "../transport/deadlines.ts";
import type { InstancePool } from "./connection_pool.ts";

/** Bounds of the phases, in milliseconds. */
export interface PhaseTimeouts {
  /** For a client to go on with a request's body, and for the replica to take it. */
  readonly body: number;
  /** For a replica to go on with a response's body, and for the client to take it. */
  readonly responseBody: number;
  /** For either side of a tunnel, or of a response without an end, to go on. */
  readonly streamIdle: number;
}

/** Deadlines of requests, by the clock of {@linkcode Deadlines}. */
export class RequestDeadlines {
  readonly #deadlines: Pick<Deadlines, "in">;
  readonly #timeouts: PhaseTimeouts;

  /**
   * @param deadlines the worker's clock
   * @param timeouts bounds of the phases
   */
  constructor(deadlines: Pick<Deadlines, "in">, timeouts: PhaseTimeouts) {
    this.#deadlines = deadlines;
    this.#timeouts = timeouts;
  }

  /** For the response of an instance to begin. */
  response(pool: InstancePool): number {
    return this.#deadlines.in(pool.responseMs);
  }

  /** For the next part of a request's body to come, or to be taken by the replica. */
  upload(): number {
    return this.#deadlines.in(this.#timeouts.body);
  }

  /** For the next part of a response's body to come, or to be taken by the client. */
  responseBody(): number {
    return this.#deadlines.in(this.#timeouts.responseBody);
  }

  /** For anything to go through a tunnel, or to come of a response without an end. */
  stream(): number {
    return this.#deadlines.in(this.#timeouts.streamIdle);
  }
}
