/**
 * A client's connection as the listener sees it, whatever its protocol.
 *
 * @module
 */
import type { Expiring } from "../transport/deadlines.ts";

/** A connection that is served. */
export interface OpenClient extends Expiring {
  /** IP address of the client. */
  readonly address: string;
  /** Whether its `X-Forwarded-*` fields are believed. */
  readonly trusted: boolean;
  /** Milliseconds without a request, rounded up; 0 while one is served. */
  readonly waitedMs: number;
  /** The worker drains: an idle connection ends, others end after their requests. */
  drain(): void;
  /** Ends what is still served. @param streaming exchanges without an end, or the others */
  cut(streaming: boolean): void;
  /** Ends the connection at once. */
  close(): void;
}

/** Receives the end of a client's connection. Must not throw. */
export interface ClientHost {
  /** The connection has ended. */
  left(client: OpenClient): void;
}
