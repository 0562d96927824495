/**
 * Who changed what: a line of the log for each change, and for what was refused.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Context } from "hono";
import type { FleetSummary } from "../../fleet/operations/membership.ts";
import { type Bucket, EMPTY, waitMs, withOne } from "./leaky_bucket.ts";
import type { Credential } from "./credential.ts";
import { difference } from "./diff.ts";
import type { Refusal } from "./refusals.ts";

/** Who makes a call, and which. */
export interface Deed {
  /** `POST /add` */
  readonly call: string;
  /** IP address of the client, or `unix`. */
  readonly client: string;
  /** Which token was shown: never the token itself. */
  readonly credential: Credential;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** What came of a change. */
interface Outcome {
  /** Status of the answer, or the last step of a deploy. */
  readonly outcome: number | string;
  /** Why it failed. */
  readonly error?: string | undefined;
}

/** So many refusals are written, and the others counted: whoever knocks must not fill the disk. */
const REFUSALS: Bucket = { burst: 20, everyMs: 1000 };

/** Writes what has to be known later. */
export class Audit {
  readonly #log: Logger;
  #emptyAt = EMPTY;
  #unwritten = 0;

  /** @param log a logger whose lines are written at every level of the log */
  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * A change was made, or failed.
   *
   * @param deed who made it
   * @param what the body of the call, what it changed, and what came of it
   */
  changed(deed: Deed, { asked, before, after, outcome, error }: Change & Outcome): void {
    const failed = error === undefined ? "" : " ({error})";
    const moved = after === undefined ? "" : ": {before} became {after}";
    this.#log.info(`{client} ({credential}): {call} {asked} -> {outcome}${failed}${moved}`, {
      ...deed,
      asked: new OneLine(asked ?? null),
      before: new OneLine(before ?? null),
      after: new OneLine(after ?? null),
      outcome,
      ...(error === undefined ? {} : { error }),
    });
  }

  /**
   * A call was refused.
   *
   * @param deed who made it
   * @param refusal why not
   * @param now milliseconds, by any clock that goes on
   */
  refused(deed: Deed, { status, reason, message }: Refusal, now: number): void {
    if (waitMs(this.#emptyAt, now, REFUSALS) > 0) return void this.#unwritten++;
    this.#emptyAt = withOne(this.#emptyAt, now, REFUSALS);
    const others = this.#unwritten === 0 ? "" : "; before it {unwritten} that were not written";
    this.#log.warn(`{client}: {call} -> {outcome} ({error})${others}`, {
      ...deed,
      outcome: status,
      reason,
      error: message,
      unwritten: this.#unwritten,
    });
    this.#unwritten = 0;
  }
}

/** What a call was asked to change, and what it changed. */
interface Change {
  readonly asked: unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/** The entry of one call. The call itself tells what it was asked for and what it changed. */
export class AuditEntry {
  readonly #deed: Deed;
  readonly #audit: Audit;
  #change: Change = { asked: undefined, before: undefined, after: undefined };
  #goesOn = false;

  /**
   * @param deed who makes the call
   * @param audit where it is written
   */
  constructor(deed: Deed, audit: Audit) {
    this.#deed = deed;
    this.#audit = audit;
  }

  /** Whether the change goes on after the call is answered. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** Takes note of what was asked for. */
  asked(body: unknown): void {
    this.#change = { ...this.#change, asked: body };
  }

  /** Takes note of what was changed. */
  changed(before: unknown, after: unknown): void {
    this.#change = { ...this.#change, before, after };
  }

  /** Takes note of a change of the fleet: of what is another after it. */
  readonly made = (before: FleetSummary, after: FleetSummary): void => {
    this.changed(...difference(before, after));
  };

  /** The answer begins before the change is over: whoever says so ends the entry. */
  goOn(): void {
    this.#goesOn = true;
  }

  /** Writes it. */
  end(outcome: Outcome): void {
    this.#audit.changed(this.#deed, { ...this.#change, ...outcome });
  }
}

/** Where an entry is kept while its call is made. */
const ENTRY = "audit";

/** Begins the entry of a call. */
export function beginEntry(c: Context, entry: AuditEntry): void {
  c.set(ENTRY, entry);
}

/** The entry of a call that changes something. */
export function entryOf(c: Context): AuditEntry {
  return c.get(ENTRY);
}

/** Takes note of the body of a call, if it is one that changes something. @returns the same */
export function noteAsked<T>(c: Context, body: T): T {
  c.get(ENTRY)?.asked(body);
  return body;
}

/** Text from outside that goes into the log: short, and nothing that a terminal would obey. */
export function printable(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, 200).replaceAll(/[^ -~]/g, "?");
}

/** A value that is written as JSON on one line, also where the log is text for people. */
class OneLine {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  toJSON(): unknown {
    return this.#value;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return JSON.stringify(this.#value);
  }
}
