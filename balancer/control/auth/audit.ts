/**
 * The audit log: one line for each change and for each refused call.
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

/** A call and its caller. */
export interface Deed {
  /** `POST /add` */
  readonly call: string;
  /** IP address of the client, or `unix`. */
  readonly client: string;
  /** Which token the client sent; never the token itself. */
  readonly credential: Credential;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** The result of a change. */
interface Outcome {
  /** Status of the answer, or the last step of a deploy. */
  readonly outcome: number | string;
  /** The error of a failed change. */
  readonly error?: string | undefined;
}

/**
 * Limit on logged refusals; the rest are counted. A flood of refused calls must not fill the disk.
 */
const REFUSALS: Bucket = { burst: 20, everyMs: 1000 };

/** Writes the audit log. */
export class Audit {
  readonly #log: Logger;
  #emptyAt = EMPTY;
  #unwritten = 0;

  /** @param log a logger that writes at every log level */
  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Logs a change that was made or failed.
   *
   * @param deed the call and its caller
   * @param what the body of the call, the change and its result
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
   * Logs a refused call.
   *
   * @param deed the call and its caller
   * @param refusal the reason
   * @param now milliseconds, by any monotonic clock
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

/** The requested change, and the fleet's state before and after it. */
interface Change {
  readonly asked: unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/** The audit entry of one call. The call's handler adds the request and the change. */
export class AuditEntry {
  readonly #deed: Deed;
  readonly #audit: Audit;
  #change: Change = { asked: undefined, before: undefined, after: undefined };
  #goesOn = false;

  /**
   * @param deed the call and its caller
   * @param audit the log that the entry is written to
   */
  constructor(deed: Deed, audit: Audit) {
    this.#deed = deed;
    this.#audit = audit;
  }

  /** Whether the change goes on after the call is answered. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** Records the request's body. */
  asked(body: unknown): void {
    this.#change = { ...this.#change, asked: body };
  }

  /** Records the change. */
  changed(before: unknown, after: unknown): void {
    this.#change = { ...this.#change, before, after };
  }

  /** Records a change of the fleet: only the parts that differ. */
  readonly made = (before: FleetSummary, after: FleetSummary): void => {
    this.changed(...difference(before, after));
  };

  /** Marks an answer that begins before the change ends; the handler then ends the entry itself. */
  goOn(): void {
    this.#goesOn = true;
  }

  /** Writes the entry. */
  end(outcome: Outcome): void {
    this.#audit.changed(this.#deed, { ...this.#change, ...outcome });
  }
}

/** The context key of a call's entry. */
const ENTRY = "audit";

/** Attaches the entry to a call. */
export function beginEntry(c: Context, entry: AuditEntry): void {
  c.set(ENTRY, entry);
}

/** Returns the entry of a call that changes the fleet. */
export function entryOf(c: Context): AuditEntry {
  return c.get(ENTRY);
}

/** Records the body of a call that changes the fleet. @returns the body */
export function noteAsked<T>(c: Context, body: T): T {
  c.get(ENTRY)?.asked(body);
  return body;
}

/** Untrusted text for the log: short, and free of terminal control characters. */
export function printable(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, 200).replaceAll(/[^ -~]/g, "?");
}

/** A value that is logged as one line of JSON, in text logs too. */
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
