/**
 * Where requests wait for a replica. Every new view is asked for each of them, in the order in
 * which they came; a deadline for one alone.
 *
 * @module
 */
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import { type Holdable, type HoldBounds, HoldQueue } from "./hold_queue.ts";
import type { Choice } from "../routing/route_choice.ts";

/** A choice that ends the wait. */
export type Verdict = Exclude<Choice, { to: "wait" }>;

/**
 * How a wait ended; `left` when its client is gone, `full` when its place was given to another
 * request, `files` when its client's file was needed.
 */
export type WaitEnd = Verdict | { readonly to: "left" | "full" | "files" };

/** Who wants to wait. */
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

  constructor(readonly guest: Waiter, until: number, readonly onDeadline: () => void) {
    this.bytes = guest.bytes;
    this.deadlineAt = until;
  }

  /** Has the guest decide anew. @returns whether it need not wait any longer */
  over(now: number): boolean {
    const choice = this.guest.choose(now);
    if (choice.to === "wait") this.deadlineAt = choice.until;
    else this.#verdict = choice;
    return choice.to !== "wait";
  }

  end(verdict = this.#verdict): void {
    this.ended.resolve(verdict);
  }
}

/** A place that was given. */
export interface Place {
  /** Resolves when the wait is over. */
  readonly ended: Promise<WaitEnd>;
  /** Gives it up. */
  leave(): void;
}

/** The requests of one worker that wait. */
export class WaitingRoom {
  readonly #queue: HoldQueue<Wait>;
  readonly #deadlines: Deadlines;
  readonly #onCount: (count: number) => void;

  /**
   * @param bounds how many may wait
   * @param deadlines the worker's
   * @param onCount told how many wait whenever that changes
   */
  constructor(bounds: HoldBounds, deadlines: Deadlines, onCount: (count: number) => void) {
    this.#queue = new HoldQueue(bounds);
    this.#deadlines = deadlines;
    this.#onCount = onCount;
  }

  /** How many wait. */
  get count(): number {
    return this.#queue.count;
  }

  /**
   * Takes a request in.
   *
   * @param guest the request
   * @param until when it wants to be asked again at the latest, by the clock of the deadlines
   * @returns undefined when there is no room for it
   */
  enter(guest: Waiter, until: number): Place | undefined {
    const wait: Wait = new Wait(guest, until, () => this.#recheck(wait));
    // A client that has ended its side cannot be told from one that is gone: a request whose client
    // is there for sure needs the place more.
    while (!this.#queue.enter(wait)) if (guest.mayBeGone || !this.#evict("full")) return undefined;
    this.#deadlines.add(wait);
    this.#onCount(this.count);
    return { ended: wait.ended.promise, leave: () => this.#leave(wait) };
  }

  /** A new view is in force: whoever it has a place for goes, first come first. */
  review(now: number): void {
    for (const wait of this.#queue.release((one) => one.over(now))) this.#end(wait);
  }

  /**
   * Files are short: ends the wait of the first request whose client may be gone.
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

  /** Gives the place of one up whose client may be gone. @returns whether there was one */
  #evict(to: "full" | "files"): boolean {
    const wait = this.#queue.find(({ guest }) => guest.mayBeGone);
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
