/**
 * The fast path for the usual small request: it arrives in one read, goes out on an idle
 * connection, and is answered in one piece. Callbacks bound once for each connection serve it; a
 * promise and an async function for each step would cost as much as the work itself. Anything
 * unusual is handed over, at the point where it shows, to the general path.
 *
 * @module
 */
import type { Attempts, StartedAttempt } from "./attempt.ts";
import type { RequestBuilder } from "./build_request.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import type { Client } from "../request/client.ts";
import type { DrainState } from "../request/drain_state.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { Admission } from "../routing/admission.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { AttemptListener, UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import type { RetryBudget } from "../upstream/retry_budget.ts";
import type { ConnectionListener } from "../transport/connection_events.ts";
import { type Disconnected, ReaderConflict } from "../transport/connection_reader.ts";
import type { FastResponse } from "./fast_response.ts";

/** The point at which the fast path ended. */
export interface FastPathExit {
  /** Set if the connection is to be closed. */
  readonly ended?: boolean;
  /** Why a request cannot be accepted, or the error that occurred. */
  readonly error?: unknown;
  /** A request that is ready to be sent; undefined if the next request is not parsed yet. */
  readonly request?: ProxyRequest;
  /** Set if the request was sent. */
  readonly begun?: StartedAttempt;
}

/** A client that takes over where the fast path ends. */
interface FastPathClient extends Client {
  /** Serves a request that the fast path cannot serve. Never rejects. */
  takeOver(handover: FastPathExit): Promise<void>;
}

/** Services shared by the fast paths of one worker. */
export interface FastPathServices {
  readonly builder: RequestBuilder;
  readonly admission: Admission;
  readonly attempts: Attempts;
  readonly fastResponse: FastResponse;
  /** The head that was parsed last; valid until the next `await`. */
  readonly responseHead: ResponseHead;
  readonly retryBudget: RetryBudget;
  readonly deadlines: Pick<Deadlines, "now">;
  readonly requestDeadlines: RequestDeadlines;
  readonly drain: DrainState;
}

const ENDED: FastPathExit = { ended: true };

/** The awaited event: none, a request, its response, or the client's acceptance of the response. */
type Step = "inactive" | "request" | "response" | "sending";

/** Serves the usual requests of one client's connection. */
export class FastPath implements ConnectionListener, AttemptListener {
  readonly #services: FastPathServices;
  readonly #client: FastPathClient;
  #step: Step = "inactive";
  #request!: ProxyRequest;
  #upstream!: UpstreamConnection;
  /** Set after the first of two events: the request is sent, and the first bytes came back. */
  #requestSent = false;
  #responseArrived = false;
  /** Whether the client's connection is kept after the response. */
  #keep = false;
  #reusable = false;
  #bodyBytes = 0;

  /**
   * @param services services shared by the fast paths of one worker
   * @param client the client whose requests it serves
   */
  constructor(services: FastPathServices, client: FastPathClient) {
    this.#services = services;
    this.#client = client;
    client.transport.watcher = this;
  }

  /** Serves requests as long as they are usual ones; then the client takes over. */
  serve(): void {
    const { gone, transport } = this.#client;
    this.#step = "request";
    if (transport.hasReader) {
      this.#fail(new ReaderConflict("a request is read while another owner reads"));
    } else if (gone) this.#leave(ENDED);
    else this.#next();
  }

  onData(more: boolean): void {
    if (this.#step !== "request") {
      if (more) this.#client.more();
      else this.#client.end();
    } else if (more) this.#take();
    else this.#leave(ENDED);
  }

  onBreak(): void {
    if (this.#step === "request") this.#leave(ENDED);
    else this.#client.left();
  }

  onRequestSent(): void {
    this.#requestSent = true;
    if (this.#responseArrived) this.#sendResponse();
  }

  onSendError(failure: Disconnected): void {
    this.#handOver(failure);
  }

  onResponse(): void {
    this.#responseArrived = true;
    if (this.#requestSent) this.#sendResponse();
  }

  onWritten(): void {
    this.#finish(true);
  }

  onWriteError(): void {
    this.#finish(false);
  }

  #next(): void {
    this.#step = "request";
    const { transport } = this.#client;
    if (transport.unread > 0) this.#take();
    else transport.startRead();
  }

  /** Errors are handed over to the client; thrown from the callback they would be lost. */
  #take(): void {
    try {
      const client = this.#client;
      const { builder, admission } = this.#services;
      client.events.received();
      const request = builder.buildWhole(client);
      if (!request) return this.#leave({});
      client.work();
      const { first } = request.destination;
      const pool = first && client.body.complete ? admission.acquire(request, first) : undefined;
      // A request that is not idempotent could not be repeated on another connection.
      const upstream = pool && client.takeIdle(pool, !request.repeatable);
      if (upstream) return this.#startAttempt(request, upstream);
      // The general path is admitted separately.
      pool?.inFlight.leave();
      this.#leave({ request });
    } catch (error) {
      this.#fail(error);
    }
  }

  #startAttempt(request: ProxyRequest, upstream: UpstreamConnection): void {
    const client = this.#client;
    this.#step = "response";
    this.#requestSent = this.#responseArrived = false;
    this.#request = request;
    this.#upstream = upstream;
    upstream.listener = this;
    client.events.attemptStarted(upstream.pool, true);
    this.#services.attempts.begin(client, request, upstream);
    upstream.transport.send(request.out, request.length);
    client.watch();
  }

  #sendResponse(): void {
    try {
      const client = this.#client;
      const request = this.#request;
      const upstream = this.#upstream;
      const { fastResponse: response, responseHead, attempts, requestDeadlines } = this.#services;
      client.events.responseArrived();
      if (!response.write(request, upstream)) return this.#handOver(undefined);
      attempts.answered(client, request, upstream, responseHead);
      this.#step = "sending";
      request.responding = true;
      this.#keep = response.end === "keep";
      this.#reusable = response.reusable;
      this.#bodyBytes = response.bodyBytes;
      upstream.deadlineAt = Infinity;
      client.deadlineAt = requestDeadlines.responseBody();
      client.transport.send(request.out, response.length);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param sent whether the response was written to the client */
  #finish(sent: boolean): void {
    const client = this.#client;
    const upstream = this.#upstream;
    const { attempts, retryBudget, deadlines, drain } = this.#services;
    upstream.listener = undefined;
    attempts.end(client, upstream, sent && this.#reusable);
    upstream.pool.inFlight.leave();
    retryBudget.request(deadlines.now);
    if (!sent) {
      client.events.aborted(this.#request.method);
      return this.#leave(ENDED);
    }
    client.events.bytesSent(this.#bodyBytes);
    client.events.completed(this.#request.method);
    this.#request.release();
    if (!this.#keep || client.gone || drain.draining) return this.#leave(ENDED);
    client.rest();
    this.#next();
  }

  /** The request was sent or failed to be sent; its response is unusual, or did not come. */
  #handOver(failure: Disconnected | undefined): void {
    const upstream = this.#upstream;
    upstream.listener = undefined;
    this.#leave({ request: this.#request, begun: { upstream, failure } });
  }

  #leave(handover: FastPathExit): void {
    this.#step = "inactive";
    void this.#client.takeOver(handover);
  }

  #fail(error: unknown): void {
    if (this.#step !== "request") {
      this.#upstream.listener = undefined;
      this.#upstream.pool.inFlight.leave();
    }
    this.#leave({ error });
  }
}
