/**
 * Requests that wait for a replica. Each new view is checked for all of them in order of arrival; a
 * deadline concerns one request alone.
 *
 * @module
 */
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import { type Holdable, type HoldBounds, HoldQueue } from "./hold_queue.ts";
import type { Choice } from "../routing/route_choice.ts";

/** A choice that ends the wait. */
type Verdict = Exclude<Choice, { to: "wait" }>;

/**
 * How a wait ended: `left` if its client is gone, `full` if its place was given to another request,
 * `files` if its client's file descriptor was needed.
 */
export type WaitEnd = Verdict | { readonly to: "left" | "full" | "files" };

/** A request that waits. */
export interface Waiter extends Holdable {
  /** Decides by the view then in force. */
  choose(now: number): Choice;
  /** Whether its client has ended its side, and may be gone. */
  readonly mayBeGone: boolean;
}

/** One wait. */
class Wait implements Expiring, Holdable {
  deadlineAt: number;
  readonly bytes: number;
  readonly ended = Promise.withResolvers<WaitEnd>();
  #verdict: WaitEnd = { to: "left" };

  constructor(readonly waiter: Waiter, until: number, readonly onDeadline: () => void) {
    this.bytes = waiter.bytes;
    this.deadlineAt = until;
  }

  /** Lets the request choose again. @returns whether its wait is over */
  over(now: number): boolean {
    const choice = this.waiter.choose(now);
    if (choice.to === "wait") this.deadlineAt = choice.until;
    else this.#verdict = choice;
    return choice.to !== "wait";
  }

  end(verdict = this.#verdict): void {
    this.ended.resolve(verdict);
  }
}

/** A place in the waiting room. */
interface Place {
  /** Resolves when the wait is over. */
  readonly ended: Promise<WaitEnd>;
  /** Ends the wait. */
  leave(): void;
}

/** The waiting requests of one worker. */
export class WaitingRoom {
  readonly #queue: HoldQueue<Wait>;
  readonly #deadlines: Deadlines;
  readonly #onCount: (count: number) => void;

  /**
   * @param bounds limits of the queue
   * @param deadlines the worker's deadlines
   * @param onCount receives the number of waiting requests whenever it changes
   */
  constructor(bounds: HoldBounds, deadlines: Deadlines, onCount: (count: number) => void) {
    this.#queue = new HoldQueue(bounds);
    this.#deadlines = deadlines;
    this.#onCount = onCount;
  }

  /** Number of waiting requests. */
  get count(): number {
    return this.#queue.count;
  }

  /**
   * Admits a request.
   *
   * @param waiter the request
   * @param until the latest time of its next choice, on the clock of the deadlines
   * @returns undefined if there is no room
   */
  enter(waiter: Waiter, until: number): Place | undefined {
    const wait: Wait = new Wait(waiter, until, () => this.#recheck(wait));
    // A half-closed client cannot be told from one that is gone: a request whose client is
    // certainly there takes its place.
    while (!this.#queue.enter(wait)) if (waiter.mayBeGone || !this.#evict("full")) return undefined;
    this.#deadlines.add(wait);
    this.#onCount(this.count);
    return { ended: wait.ended.promise, leave: () => this.#leave(wait) };
  }

  /** A new view is in force: releases the requests that it can place, first come first. */
  review(now: number): void {
    for (const wait of this.#queue.release((one) => one.over(now))) this.#end(wait);
  }

  /**
   * File descriptors are short: ends the wait of the first request whose client may be gone.
   *
   * @returns whether there was one
   */
  giveUp(): boolean {
    return this.#evict("files");
  }

  #recheck(wait: Wait): void {
    if (wait.over(performance.now())) this.#leave(wait);
  }

  #leave(wait: Wait): void {
    if (this.#queue.leave(wait)) this.#end(wait);
  }

  /** Ends the wait of one request whose client may be gone. @returns whether there was one */
  #evict(to: "full" | "files"): boolean {
    const wait = this.#queue.find(({ waiter }) => waiter.mayBeGone);
    if (!wait || !this.#queue.leave(wait)) return false;
    this.#end(wait, { to });
    return true;
  }

  #end(wait: Wait, verdict?: WaitEnd): void {
    this.#deadlines.delete(wait);
    this.#onCount(this.count);
    wait.end(verdict);
  }
}
