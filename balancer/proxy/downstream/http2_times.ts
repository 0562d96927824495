/**
 * The times of a connection of HTTP/2, by which it decides which of its deadlines has passed.
 *
 * @module
 */
import type { Timeouts } from "../settings.ts";
import type { Deadlines } from "../transport/deadlines.ts";

/** Time for the client to see the first GOAWAY, in milliseconds. */
const DRAIN_MS = 1000;

/** One frame of the budget is paid back in this time, in milliseconds. */
const EARN_MS = 100;

/** When the connection became idle, and when its present head, write and drain began. */
export class Http2Times {
  readonly #clock: Pick<Deadlines, "now">;
  readonly #timeouts: Pick<Timeouts, "head" | "responseBody">;
  #idleSince: number;
  #blockSince: number | undefined;
  #sendingSince: number | undefined;
  #drainSince: number | undefined;
  #earnedAt: number;

  /**
   * @param clock the clock of the deadlines
   * @param timeouts timeouts of a head and of a write, in milliseconds
   */
  constructor(clock: Pick<Deadlines, "now">, timeouts: Pick<Timeouts, "head" | "responseBody">) {
    this.#clock = clock;
    this.#timeouts = timeouts;
    this.#idleSince = this.#earnedAt = clock.now;
  }

  /** The last stream has ended. */
  idle(): void {
    this.#idleSince = this.#clock.now;
  }

  /** Milliseconds since the last stream ended; meaningless while there are streams. */
  get idleMs(): number {
    return Math.max(0, this.#clock.now - this.#idleSince);
  }

  /** Whether a block of fields is incomplete. */
  set inBlock(inBlock: boolean) {
    this.#blockSince = inBlock ? this.#blockSince ?? this.#clock.now : undefined;
  }

  /** Whether frames are being sent. */
  set sending(sending: boolean) {
    this.#sendingSince = sending ? this.#clock.now : undefined;
  }

  /** The drain begins. */
  drain(): void {
    this.#drainSince ??= this.#clock.now;
  }

  /** Whether the client takes too long to send a head, or to take frames. */
  get stalled(): boolean {
    const { head, responseBody } = this.#timeouts;
    return this.#longer(this.#sendingSince, responseBody) || this.#longer(this.#blockSince, head);
  }

  /** Whether the client has had its time to see that the connection drains. */
  get drainAnnounced(): boolean {
    return this.#longer(this.#drainSince, DRAIN_MS);
  }

  /** Frames that the time since the last call has paid back. */
  earnedFrames(): number {
    const frames = Math.floor((this.#clock.now - this.#earnedAt) / EARN_MS);
    if (frames > 0) this.#earnedAt = this.#clock.now;
    return frames;
  }

  #longer(since: number | undefined, ms: number): boolean {
    return since !== undefined && this.#clock.now - since > ms;
  }
}
