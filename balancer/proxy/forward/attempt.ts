/**
 * One request on one connection to a replica.
 *
 * @module
 */
import { UpstreamError } from "../errors/upstream_error.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import type { Client } from "../request/client.ts";
import type { ProxyRequest } from "../request/request.ts";
import { Upload, type UploadServices } from "../request/upload.ts";
import { Disconnected } from "../transport/connection_reader.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import { TruncatedError } from "../transport/tls_stream.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { OutlierSampler } from "../upstream/outlier_sampler.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import type { FailureReports } from "./failure_reports.ts";
import { type RelayServices, ResponseRelay } from "./response_relay.ts";

/** Whether the client may send another request. */
export type ExchangeEnd = "keep" | "close";

/** An attempt that the fast path began: the request was sent, and its response is due. */
export interface StartedAttempt {
  readonly upstream: UpstreamConnection;
  /** Why the request could not be sent. */
  readonly failure: Disconnected | undefined;
}

/** Dependencies of {@linkcode Attempts}. */
interface AttemptServices {
  readonly deadlines: Pick<Deadlines, "now">;
  readonly requestDeadlines: RequestDeadlines;
  /** Samples how instances answer; undefined when outlier detection is off. */
  readonly sampler: OutlierSampler | undefined;
  readonly reports: FailureReports;
  readonly upload: UploadServices;
  readonly relay: RelayServices;
}

/** Performs attempts, for the fast path and for the route loop. */
export class Attempts {
  /** Relays that no response uses. */
  readonly relays: ResponseRelay[] = [];
  readonly #services: AttemptServices;

  /** @param services services shared by the attempts of one worker */
  constructor(services: AttemptServices) {
    this.#services = services;
  }

  /** The request is about to be sent. */
  begin(client: Client, request: ProxyRequest, upstream: UpstreamConnection): void {
    const { sampler, requestDeadlines } = this.#services;
    client.upstream = upstream;
    upstream.request = request;
    sampler?.attemptStarted(upstream);
    upstream.deadlineAt = requestDeadlines.response(request);
  }

  /** The head of a response is parsed: the final one, or an interim one (RFC 9110, section 15.2). */
  answered(
    client: Client,
    request: ProxyRequest,
    upstream: UpstreamConnection,
    { status, connectionAuth }: ResponseHead,
  ): void {
    const { pool } = upstream;
    if (connectionAuth || request.connectionAuth) upstream.isPrivate = true;
    pool.answeredAt = this.#services.deadlines.now;
    if (status >= 200) this.#services.sampler?.responseStarted(upstream, status);
    else if (status !== 101) return;
    client.events.responseStarted(status, request, pool, upstream.reused);
  }

  /** The exchange is over. @param reusable whether the connection can carry another request */
  end(client: Client, upstream: UpstreamConnection, reusable: boolean): void {
    // Another client may use the connection from here on: this client must not close it.
    client.upstream = undefined;
    if (reusable) client.giveBack(upstream);
    else upstream.close();
  }

  /**
   * Sends a request and relays the response.
   *
   * @param client source of the request and target of the response
   * @param request the request to send
   * @param upstream the connection to send it on; at the end it is closed or back in its pool
   * @param begun set if the fast path has already sent the request
   * @throws {UpstreamError} the replica failed; nothing of a final response went to the client
   * @throws {RefusedError} the request's body turned out to be wrong
   * @throws {Disconnected} the client is gone, or its response broke off
   */
  async run(
    client: Client,
    request: ProxyRequest,
    upstream: UpstreamConnection,
    begun?: StartedAttempt,
  ): Promise<ExchangeEnd> {
    const relay = this.relays.pop() ?? new ResponseRelay(this.#services.relay, this);
    try {
      if (begun?.failure) throw begun.failure;
      if (!begun) {
        this.begin(client, request, upstream);
        await upstream.transport.write(request.firstBytes);
      }
      this.#sendBody(client, request, upstream, begun !== undefined);
      return await relay.run(client, request, upstream);
    } catch (error) {
      this.#failed(client, request, upstream, error);
      throw classified(error, client, request, upstream);
    } finally {
      client.upstream = undefined;
      this.relays.push(relay);
    }
  }

  /** A response is due once the whole request was sent. */
  #sendBody(
    client: Client,
    request: ProxyRequest,
    upstream: UpstreamConnection,
    begun: boolean,
  ): void {
    const { requestDeadlines, upload } = this.#services;
    if (client.body.complete) client.watch();
    else client.upload = new Upload(upload, client, request, upstream);
    if (!begun) {
      upstream.deadlineAt = client.body.complete ? requestDeadlines.response(request) : Infinity;
    }
  }

  #failed(
    client: Client,
    request: ProxyRequest,
    upstream: UpstreamConnection,
    error: unknown,
  ): void {
    upstream.close();
    client.upload?.abandon();
    if (!brokeOff(error, client, request, upstream)) return;
    this.#services.reports.responseBroken(upstream, request);
    client.events.responseBroken(request, upstream.pool, upstream.reused);
  }
}

/** Whether the replica, not the client, ended a response in the middle. */
function brokeOff(
  error: unknown,
  client: Client,
  request: ProxyRequest,
  upstream: UpstreamConnection,
): boolean {
  return error instanceof Disconnected && error.transport === upstream.transport &&
    request.responding &&
    !client.gone && !client.transport.closed;
}

/** Classifies a failure: every close of a connection by the balancer records its cause. */
function classified(
  error: unknown,
  client: Client,
  request: ProxyRequest,
  upstream: UpstreamConnection,
): unknown {
  if (!(error instanceof Disconnected)) return error;
  if (client.gone || request.responding || error.transport === client.transport) {
    return new Disconnected(client.transport, { cause: error });
  }
  if (request.bodyFault) return request.bodyFault;
  const kind = upstream.expired ? "timeout" : "reset";
  // Only a read that reaches the end of the replica's side has no cause. Servers end idle
  // connections without close_notify.
  const { cause } = error;
  const closed = kind === "reset" && (cause === undefined || cause instanceof TruncatedError);
  return new UpstreamError(kind, "maybe", upstream.reused, String(error.cause ?? error), {
    cause: error,
    closed,
  });
}
