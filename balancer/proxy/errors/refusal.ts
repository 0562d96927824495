/**
 * The reasons why no replica answers a request, and their status codes.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { type FailureMessage, RETRY_AFTER_S } from "./error_response.ts";
import type { UpstreamError } from "./upstream_error.ts";

/** The reason why no replica answers. */
export type RefusalReason =
  /** Its key is quarantined. */
  | "quarantined"
  /** Its owner is being replaced, and the settings forbid a wait. */
  | "awaited"
  /** Too many requests are waiting. */
  | "full"
  /** No replica is ready, apart from those that failed the request. */
  | "none"
  /** The balancer itself cannot open a connection. */
  | "files"
  /** The control API has reached its limit of concurrent calls. */
  | "calls"
  /** The last attempt failed and must not be repeated. */
  | "failed"
  /** Several replicas failed in succession while they served it. */
  | "fatal"
  /** Its method is not forwarded. */
  | "method"
  /** Its Max-Forwards is 0: the balancer is its recipient. */
  | "max-forwards"
  /** It is the challenge of a certificate authority, which the balancer answers. */
  | "challenge"
  /** It came without TLS, and is redirected to HTTPS. */
  | "redirect"
  /** The balancer is in maintenance. */
  | "maintenance"
  /** The balancer has lost the others of its fleet, and may not serve without them. */
  | "isolated";

/** The part of an answer that depends on the reason. */
export type Refusal =
  & Pick<FailureMessage, "status" | "message" | "retryAfterS" | "fields" | "content" | "page">
  & { readonly reason: RefusalReason };

/** The message when the balancer has reached its limit of connections. */
export const OUT_OF_ROOM =
  "the balancer has as many connections open as it may; try again, or raise its limit of open " +
  "files (ulimit -n)";

/** The reasons for a request that was to be routed to a replica. */
export type RouteRefusal = Exclude<
  RefusalReason,
  "method" | "max-forwards" | "challenge" | "redirect" | "maintenance" | "isolated"
>;

const UNAVAILABLE: Record<Exclude<RouteRefusal, "failed" | "fatal">, string> = {
  quarantined: "this key is quarantined: replicas died of requests with it; see GET /_lb/status",
  awaited: "the replica of this request is being replaced; try again",
  full: "too many requests wait for their replica; try again",
  none: "no replica is ready; try again",
  files: OUT_OF_ROOM,
  calls: "the API answers as many calls at once as LB_MAX_API_CONNECTIONS allows; try again",
};

/**
 * The only function that maps a failed route to a status.
 *
 * @param reason why no replica answers
 * @param failure the last attempt; undefined if none was made
 */
export function refusalOf(reason: RouteRefusal, failure?: UpstreamError): Refusal {
  return { reason, ...answerTo(reason, failure) };
}

function answerTo(
  reason: RouteRefusal,
  failure: UpstreamError | undefined,
): Omit<Refusal, "reason"> {
  if (reason === "fatal") {
    const message = "replicas failed with this request, one after the other; no other is sent it";
    return { status: STATUS_CODE.BadGateway, message };
  }
  if (reason !== "failed" || !failure) {
    return {
      status: STATUS_CODE.ServiceUnavailable,
      message: UNAVAILABLE[reason === "failed" ? "none" : reason],
      retryAfterS: RETRY_AFTER_S,
    };
  }
  return failed(failure);
}

function failed({ kind, sent, message, closed }: UpstreamError): Omit<Refusal, "reason"> {
  if (kind === "timeout") {
    const missing = sent === "no" ? "accept a connection" : "answer";
    return {
      status: STATUS_CODE.GatewayTimeout,
      message: `the replica did not ${missing} in time`,
    };
  }
  if (closed) {
    const ended = "the replica closed its connection before the head of its response was complete";
    return { status: STATUS_CODE.BadGateway, message: ended };
  }
  return {
    status: STATUS_CODE.BadGateway,
    message: kind === "malformed"
      ? `the replica's response is malformed: ${message}`
      : `the replica's connection was ${kind}`,
  };
}
