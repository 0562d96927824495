/**
 * Deadlines of the phases of a request.
 *
 * @module
 */
import type { Deadlines } from "../transport/deadlines.ts";
import type { InstancePool } from "./connection_pool.ts";

/** Timeouts of the phases, in milliseconds. */
interface PhaseTimeouts {
  /** Next part of a request's body: from the client, or accepted by the replica. */
  readonly body: number;
  /** Next part of a response's body: from the replica, or accepted by the client. */
  readonly responseBody: number;
  /** Next bytes of either side of a tunnel, or of a response without an end. */
  readonly streamIdle: number;
}

/** Deadlines of requests, by the clock of {@linkcode Deadlines}. */
export class RequestDeadlines {
  readonly #deadlines: Pick<Deadlines, "in">;
  readonly #timeouts: PhaseTimeouts;

  /**
   * @param deadlines the worker's clock
   * @param timeouts timeouts of the phases
   */
  constructor(deadlines: Pick<Deadlines, "in">, timeouts: PhaseTimeouts) {
    this.#deadlines = deadlines;
    this.#timeouts = timeouts;
  }

  /** Deadline for the beginning of an instance's response. */
  response(pool: InstancePool): number {
    return this.#deadlines.in(pool.responseMs);
  }

  /** Deadline for the next part of a request's body, from the client or accepted by the replica. */
  upload(): number {
    return this.#deadlines.in(this.#timeouts.body);
  }

  /**
   * Deadline for the next part of a response's body, from the replica or accepted by the client.
   */
  responseBody(): number {
    return this.#deadlines.in(this.#timeouts.responseBody);
  }

  /** Deadline for the next bytes through a tunnel, or of a response without an end. */
  stream(): number {
    return this.#deadlines.in(this.#timeouts.streamIdle);
  }
}
