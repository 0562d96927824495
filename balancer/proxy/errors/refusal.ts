/**
 * Why a request is not answered by a replica, and the status that says so to its client.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { type FailureMessage, RETRY_AFTER_S } from "./error_response.ts";
import type { UpstreamError } from "./upstream_error.ts";

/** Why no replica answers. */
export type RefusalReason =
  /** Its key is quarantined. */
  | "quarantined"
  /** Its owner is being replaced, and the settings say not to wait. */
  | "awaited"
  /** Too many requests wait already. */
  | "full"
  /** Nobody is ready, or nobody who has not failed it. */
  | "none"
  /** The balancer itself can open no connection. */
  | "files"
  /** The control API answers as many calls as it may. */
  | "calls"
  /** The last attempt failed and must not be repeated. */
  | "failed"
  /** Replicas failed with it one after the other. */
  | "fatal"
  /** Its method is not sent on. */
  | "method"
  /** Its Max-Forwards is 0: the balancer is its recipient. */
  | "max-forwards";

/** The part of an answer that depends on the reason. */
export type Refusal =
  & Pick<FailureMessage, "status" | "message" | "retryAfterS" | "fields" | "content">
  & { readonly reason: RefusalReason };

/** What to tell, where the balancer has as many connections as it may. */
export const OUT_OF_ROOM =
  "the balancer has as many connections open as it may; try again, or raise its limit of open " +
  "files (ulimit -n)";

/** Why no replica answers a request that one was to answer. */
export type RouteRefusal = Exclude<RefusalReason, "method" | "max-forwards">;

const UNAVAILABLE: Record<Exclude<RouteRefusal, "failed" | "fatal">, string> = {
  quarantined: "this key is quarantined: replicas died of requests with it; see GET /_lb/status",
  awaited: "the replica of this request is being replaced; try again",
  full: "too many requests wait for their replica; try again",
  none: "no replica is ready; try again",
  files: OUT_OF_ROOM,
  calls: "the API answers as many calls at once as LB_MAX_API_CONNECTIONS allows; try again",
};

/**
 * The one place that turns a failed route into a status.
 *
 * @param reason why no replica answers
 * @param failure the last attempt; undefined where none was made
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
