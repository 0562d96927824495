/**
 * Why an order failed.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import type { OrderFault } from "./order_messages.ts";

/** Longest message, in characters: the authority writes it. */
const LONGEST = 500;

/** An order that failed. */
export class OrderError extends Error implements OrderFault {
  override readonly name = "OrderError";
  readonly kind: OrderFault["kind"];
  readonly retryAfterMs: number;
  readonly resumable: boolean;

  constructor(
    message: string,
    { kind = "refused", retryAfterMs = 0, resumable = false }: Partial<OrderFault> = {},
  ) {
    super(plain(message));
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.resumable = resumable;
  }
}

/** One line of limited length. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").slice(0, LONGEST);
}

/** A fault as plain data, for a message to another thread. */
export function faultOf(error: unknown): OrderFault {
  const { kind, message, retryAfterMs, resumable } = error instanceof OrderError
    ? error
    : new OrderError(errorMessage(error), { kind: "unreachable", resumable: true });
  return { kind, message, retryAfterMs, resumable };
}

/** A problem document of an authority (RFC 7807; RFC 8555, section 6.7). */
interface Problem {
  readonly type?: unknown;
  readonly detail?: unknown;
}

/** The text of a problem: its detail and its type. */
export function problemText(problem: unknown): string {
  const { type, detail }: Problem = Object(problem);
  const name = typeof type === "string"
    ? ` (${type.replace(/^urn:ietf:params:acme:error:/, "")})`
    : "";
  return `${typeof detail === "string" ? detail : "no detail"}${name}`;
}

/** An answer of the authority. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/** An authority that cannot at present may be asked again soon. */
const TEMPORARY = /:(?:badNonce|serverInternal)$/;

/**
 * Returns the error of an answer that reports a problem.
 *
 * @param answer the answer; its status is 400 or above
 * @param now milliseconds since the epoch
 */
export function refusalOf({ status, headers, data }: Answer, now: number): OrderError {
  const { type }: Problem = Object(data);
  const temporary = status >= 500 || (typeof type === "string" && TEMPORARY.test(type));
  return new OrderError(`the authority answered ${status}: ${problemText(data)}`, {
    kind: temporary ? "unreachable" : "refused",
    retryAfterMs: retryAfterOf(headers["retry-after"], now),
    resumable: temporary || status === 429,
  });
}

/**
 * Reads Retry-After (RFC 9110, section 10.2.3).
 *
 * @param value the field's value; undefined without the field
 * @param now milliseconds since the epoch
 * @returns milliseconds; 0 if the value is missing or malformed
 */
export function retryAfterOf(value: unknown, now: number): number {
  if (typeof value !== "string") return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(date - now, 0);
}
