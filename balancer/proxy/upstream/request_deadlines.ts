/**
 * Deadlines of the phases of a request.
 *
 * @module
 */
import type { Deadlines } from "../transport/deadlines.ts";
import type { RequestRules } from "../rules.ts";

/** A request with deadlines of its route. */
interface TimedRequest {
  readonly rules: Pick<RequestRules, "responseMs" | "streamIdleMs">;
}

/** Timeouts of the phases, in milliseconds. */
interface PhaseTimeouts {
  /** Next part of a request's body: from the client, or accepted by the replica. */
  readonly body: number;
  /** Next part of a response's body: from the replica, or accepted by the client. */
  readonly responseBody: number;
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

  /** Deadline for the beginning of the response to a request. */
  response({ rules }: TimedRequest): number {
    return this.#deadlines.in(rules.responseMs);
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
  stream({ rules }: TimedRequest): number {
    return this.#deadlines.in(rules.streamIdleMs);
  }
}
