/**
 * What became of a request.
 *
 * @module
 */

/** What was asked for: a page, 4 KiB of echo, 1 MiB of echo in chunks, a stream of events. */
export type Kind = "get" | "post" | "upload" | "stream";

/** One request from its first byte to the end of its answer, or to what came instead. */
export interface Outcome {
  readonly kind: Kind;
  /** What it was routed by; of a POST also what the collector knows it by. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Status of the answer, if its head came. */
  readonly status?: number;
  /** The replica that answered, if the answer said so. */
  readonly server?: string;
  /** Why this was no complete right answer. */
  readonly fault?: string;
}
