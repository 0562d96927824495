/**
 * The verdict on a request's outcome. Pure.
 *
 * @module
 */
import type { Trace } from "./collector.ts";
import type { Outcome } from "./requests.ts";

/** One failure of a replica, and its heal. Times in milliseconds since the epoch. */
export interface Heal {
  readonly name: string;
  /** The kill, or the pause. */
  readonly at: number;
  /** The first view without it; undefined when that was not seen. */
  readonly outAt?: number;
  /** No worker routed by an older view any more, where that is known. */
  readonly unroutedAt?: number;
  /** The ring was full again; undefined when that was not seen. */
  readonly fullAt?: number;
}

/**
 * - `right`: a complete right answer
 * - `refused`: a POST that was on its way to the replica that failed, answered with 502 or 504
 * - `cut`: such a POST whose connection was closed instead
 * - `broken`: a stream from the replica that failed, which broke off
 * - `lost`: every other outcome that was no right answer
 */
export type Verdict = "right" | "refused" | "cut" | "broken" | "lost";

/** Right answers to a POST in flight: it may have been executed, so it is not sent again. */
const OWED = [502, 504];

/**
 * Judges an outcome.
 *
 * @param outcome the outcome of a request
 * @param heals the failures, in order
 * @param traceOf the replicas' reports about a POST
 */
export function judge(
  outcome: Outcome,
  heals: readonly Heal[],
  traceOf: (id: string) => Trace,
): Verdict {
  if (outcome.fault === undefined) return "right";
  const { kind, status, server, key } = outcome;
  const failed = heals.filter((heal) => inFlight(outcome, heal)).map(({ name }) => name);
  if (kind === "stream" && status === 200 && server !== undefined) {
    return failed.includes(server) ? "broken" : "lost";
  }
  if (kind !== "post" && kind !== "upload") return "lost";
  const saw = traceOf(key).seen.map((by) => by.split(" ")[0] ?? "");
  if (failed.length === 0 || !saw.every((name) => failed.includes(name))) return "lost";
  if (status === undefined) return "cut";
  return OWED.includes(status) ? "refused" : "lost";
}

/** Whether a request was under way when a replica failed, or began before that was known. */
function inFlight(
  { start, end }: Outcome,
  { at, outAt = Infinity, unroutedAt = outAt }: Heal,
): boolean {
  return end >= at && start <= Math.max(outAt, unroutedAt);
}

/** Whether any of a request's time fell between a failure and the full ring. */
export function duringHeal({ start, end }: Outcome, heals: readonly Heal[]): boolean {
  return heals.some(({ at, fullAt = Infinity }) => end >= at && start <= fullAt);
}
