/**
 * The rules by which a request is served: those of its route, or those of no route. Plain data, so
 * that they can be sent to workers. A request keeps the rules that it began with.
 *
 * @module
 */
import type { Config } from "../config.ts";
import type { RouteConfig } from "../settings/routes.ts";
import type { KeySource } from "../settings/values.ts";

/** How a request waits while its replica is being replaced. */
export interface HoldRules {
  /** The action: wait, go to the next ready replica, or be answered 503. */
  readonly policy: "hold" | "spill" | "fail";
  /** The longest wait of one request over all its waits, in milliseconds. */
  readonly ms: number;
  /**
   * How long a request whose connection to its owner failed waits for the view that confirms
   * the failure, in milliseconds. If the owner is gone, the request waits on; if not, a single bad
   * connection costs no more than this. Checked with each tick.
   */
  readonly graceMs: number;
  /** Whether failed replicas are replaced: the next view will show that. */
  readonly replaces: boolean;
}

/**
 * A dead replica is reported within a few milliseconds, an early heartbeat takes a few more; if
 * all replicas fail at once on a busy machine, several hundred.
 */
const GRACE_MS = 500;

/** How a request is served. */
export interface RequestRules {
  /** The route in words; empty for requests of no route. */
  readonly route: string;
  /** The source of the request's key. */
  readonly keySource: KeySource;
  /** For a replica to begin its response, in milliseconds; 504. */
  readonly responseMs: number;
  /** For a tunnel or a response without an end to be silent, in milliseconds. */
  readonly streamIdleMs: number;
  /** Longest body in bytes; `Infinity`: no limit; 413 above. */
  readonly bodyBytes: number;
  /** Whether a request that a replica may have received can be sent again. */
  readonly retries: boolean;
  readonly hold: HoldRules;
}

/** The requests of one route. */
export interface RouteSettings {
  /** Path prefix of whole segments, without a slash at its end; empty for every path. */
  readonly path: string;
  /** Host in lower case, `*.example.com` for a name one level below; empty for every host. */
  readonly host: string;
  readonly rules: RequestRules;
}

/** The rules of a request before it is routed. */
export const NO_RULES: RequestRules = {
  route: "",
  keySource: { from: "request-id" },
  responseMs: Infinity,
  streamIdleMs: Infinity,
  bodyBytes: Infinity,
  retries: true,
  hold: { policy: "hold", ms: 0, graceMs: GRACE_MS, replaces: true },
};

/**
 * Returns the rules of requests that no route names.
 *
 * @param config the configuration
 * @param replaces whether the engine replaces instances that fail
 */
export function rulesOf(
  { ring, timeouts, limits, hold }: Config,
  replaces: boolean,
): RequestRules {
  return {
    route: "",
    keySource: ring.key,
    responseMs: timeouts.responseMs,
    streamIdleMs: timeouts.streamIdleMs,
    bodyBytes: limits.bodyBytes || Infinity,
    retries: true,
    hold: { policy: hold.policy, ms: hold.ms, graceMs: GRACE_MS, replaces },
  };
}

/**
 * Returns the routes, the one that counts first.
 *
 * @param config the configuration
 * @param replaces whether the engine replaces instances that fail
 */
export function routesOf(config: Config, replaces: boolean): RouteSettings[] {
  const base = rulesOf(config, replaces);
  return config.routes.map((route) => ({
    path: route.path,
    host: route.host,
    rules: routeRules(route, base),
  }));
}

function routeRules(route: RouteConfig, base: RequestRules): RequestRules {
  const { key, responseMs, streamIdleMs, bodyBytes, retries, hold, holdMs } = route.rules;
  return {
    route: `${route.host}${route.path === "" ? "/" : route.path}`,
    keySource: key ?? base.keySource,
    responseMs: responseMs ?? base.responseMs,
    streamIdleMs: streamIdleMs ?? base.streamIdleMs,
    bodyBytes: bodyBytes === undefined ? base.bodyBytes : bodyBytes || Infinity,
    retries: retries ?? base.retries,
    hold: { ...base.hold, policy: hold ?? base.hold.policy, ms: holdMs ?? base.hold.ms },
  };
}
