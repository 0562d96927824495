/**
 * The status as a stream of changes. However many clients follow it, the status is read and
 * compared once for all of them, and only while one does.
 *
 * @module
 */
import type { Status } from "../../answers/fleet.ts";
import type { StatusChange } from "../../answers/status_change.ts";
import type { FailureLog } from "../../failures.ts";
import type { EventLog } from "../../fleet/incidents/event_log.ts";
import { type Difference, differenceOf } from "../reports/status_changes.ts";

/** Minimum interval of two changes, however many events there are, in milliseconds. */
const SHORT_MS = 200;
/** Interval without events: ramps, and the reports of other balancers, change by themselves. */
const LONG_MS = 1000;

/** The dependencies of the feed. */
interface StatusFeedParts {
  readonly status: () => Status;
  readonly eventLog: Pick<EventLog, "listen">;
  readonly failures: Pick<FailureLog, "record">;
}

/** Takes a change as JSON, which is made once for all followers. */
type Follower = (change: string) => void;

/** Sends the status to its followers: first the whole, then each difference. */
export class StatusFeed {
  readonly #parts: StatusFeedParts;
  readonly #followers = new Set<Follower>();
  /** The status as all followers have it. */
  #sent: Status | undefined;
  #forget = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hurried = false;

  /** @param parts the feed's dependencies */
  constructor(parts: StatusFeedParts) {
    this.#parts = parts;
  }

  /**
   * Sends the whole status at once, and every change from now on.
   *
   * @param follower takes the changes
   * @returns ends the following
   */
  follow(follower: Follower): () => void {
    if (this.#followers.size === 0) this.#begin();
    const whole = differenceOf(undefined, this.#publish());
    if (whole) follower(messageOf(whole));
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#end();
    };
  }

  /** Reads the status soon, because it may have changed. */
  hurry(): void {
    if (this.#followers.size === 0 || this.#hurried) return;
    this.#hurried = true;
    this.#wait(SHORT_MS);
  }

  #begin(): void {
    this.#forget = this.#parts.eventLog.listen(() => this.hurry());
    this.#wait(LONG_MS);
  }

  #end(): void {
    this.#forget();
    clearTimeout(this.#timer);
    this.#hurried = false;
    this.#sent = undefined;
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), ms);
  }

  #tick(): void {
    this.#hurried = false;
    this.#wait(LONG_MS);
    try {
      this.#publish();
    } catch (error) {
      this.#parts.failures.record("status.feed", error);
    }
  }

  /** Brings all followers to the present status. */
  #publish(): Status {
    const status = this.#parts.status();
    const difference = this.#followers.size === 0 ? undefined : differenceOf(this.#sent, status);
    this.#sent = status;
    if (difference) {
      const message = messageOf(difference);
      for (const follower of this.#followers) follower(message);
    }
    return status;
  }
}

function messageOf(difference: Difference): string {
  const change: StatusChange = { type: "status", at: Date.now(), ...difference };
  return JSON.stringify(change);
}
