/**
 * Events of a request, as the data plane reports them to telemetry.
 *
 * @module
 */
import type { FailureMessage } from "../errors/error_response.ts";
import type { RefusalCause } from "../stats/counter_layout.ts";
import type { UpstreamError } from "../errors/upstream_error.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";
import type { ProxyRequest } from "./request.ts";

/** Why a request waits: for its replica, for the view after a failed connection, or for a file. */
export type WaitCause = "hold" | "grace" | "files";

/** Why the balancer itself answers. */
export interface Rejection {
  /** The status code of its answer. */
  readonly status: number;
  /** The reason as it is counted. */
  readonly reason: RefusalCause;
  /** The reason in words. */
  readonly message: string;
}

/** Takes the events of a client's requests, one request after the other. None of them throws. */
export interface RequestEvents {
  /** The first bytes of a request arrived. */
  received(): void;
  /** The request's head is parsed. */
  parsed(): void;
  /**
   * The request has a key and a destination.
   *
   * @returns the value of `traceparent` to send; undefined to send the client's field unchanged
   */
  routed(request: ProxyRequest): string | undefined;
  /** The field `traceparent` was written. @param end behind the request's head, in `request.out` */
  traceParentWritten(end: number): void;
  /** The request goes to a replica, over a connection that is open (`reused`) or to be opened. */
  attemptStarted(pool: InstancePool, reused: boolean): void;
  /** The wait for a connection is over. @param reused whether an open connection became free */
  connected(reused: boolean): void;
  /** No connection could be had: the attempt did not happen. */
  attemptCancelled(): void;
  /** The first bytes of a response arrived. */
  responseArrived(): void;
  /** The head of the final response is parsed. @param status its status code */
  responseStarted(status: number, request: ProxyRequest, pool: InstancePool, reused: boolean): void;
  /** The beginning of the final response was sent to the client. */
  responseSent(): void;
  /** Bytes of the request's body went through a tunnel to the replica. */
  bytesReceived(bytes: number): void;
  /** Bytes of the response's body went to the client. */
  bytesSent(bytes: number): void;
  /** The exchange has no end of its own: a tunnel, an event stream. */
  streaming(): void;
  /** An attempt failed; the request may be sent again. */
  attemptFailed(request: ProxyRequest, pool: InstancePool, error: UpstreamError): void;
  /** The replica broke its response off after a part of it went to the client. */
  responseBroken(request: ProxyRequest, pool: InstancePool, reused: boolean): void;
  /** The request leaves the direct path to its owner and back. */
  diverted(request: ProxyRequest, pool?: InstancePool): void;
  /** The request waits. */
  waiting(cause: WaitCause): void;
  /** The wait is over. */
  resumed(): void;
  /** All of the response was sent to the client. */
  completed(method: string): void;
  /** The response ends early: its client, or its replica, is gone. */
  aborted(method: string): void;
  /** The balancer answers the request by itself. @param method empty if unknown */
  rejected(method: string, rejection: Rejection, request?: ProxyRequest): void;
  /** The balancer's own answer was sent, or its client is gone. */
  rejectionSent(answer: FailureMessage): void;
}
