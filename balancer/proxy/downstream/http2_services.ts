/**
 * Services that the connections of HTTP/2 use.
 *
 * @module
 */
import type { SessionLimits } from "../http2/session_state.ts";
import type { Timeouts } from "../settings.ts";
import type { OwnCounters } from "../stats/counters.ts";
import type { BufferPool } from "../transport/buffers.ts";
import type { ClientServices } from "./client_services.ts";

/** Services shared by the connections of HTTP/2 of one worker. */
export interface Http2Services {
  readonly clients: ClientServices;
  readonly buffers: BufferPool;
  readonly limits: SessionLimits;
  readonly timeouts: Pick<Timeouts, "head" | "keepAlive" | "responseBody">;
  readonly counters: Pick<
    OwnCounters,
    "http2Opened" | "http2Stream" | "http2StreamError" | "http2ConnectionError"
  >;
}
