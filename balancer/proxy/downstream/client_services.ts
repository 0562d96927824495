/**
 * Services of client connections.
 *
 * @module
 */
import type { ErrorPages } from "../errors/error_pages.ts";
import type { RequestBuilder } from "../forward/build_request.ts";
import type { FastPathServices } from "../forward/fast_path.ts";
import type { RouteLoop } from "../forward/route_loop.ts";
import type { DrainState } from "../request/drain_state.ts";
import type { LingerSettings, RequestLimits, Timeouts } from "../settings.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import type { LingeringClients } from "./lingering_clients.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";

/** Services shared by the client connections of one worker. */
export interface ClientServices {
  readonly deadlines: Deadlines;
  readonly requestDeadlines: RequestDeadlines;
  readonly limits: Pick<RequestLimits, "lineBytes" | "headBytes" | "fields">;
  readonly timeouts: Pick<Timeouts, "head" | "keepAlive">;
  /** Bounds on reading a client's bytes after its response. */
  readonly linger: LingerSettings;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trusted: TrustedProxies;
  readonly telemetry: Telemetry;
  readonly builder: RequestBuilder;
  readonly routeLoop: RouteLoop;
  readonly fastPath: FastPathServices;
  /** Answered clients whose remaining bytes are read and dropped. */
  readonly lingering: LingeringClients;
  /** Rejected clients whose bytes are read and dropped, so that the error response reaches them. */
  readonly turnedAway: LingeringClients;
  readonly drain: DrainState;
  /** Pages for clients that prefer HTML. */
  readonly errorPages: ErrorPages;
  /** Records an error caused by neither client nor replica. */
  recordFailure(action: string, error: unknown): void;
}
