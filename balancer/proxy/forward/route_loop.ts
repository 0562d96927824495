/**
 * The route loop: sends a request to the replica that owns its key and, if that fails, to others,
 * until one answers.
 *
 * @module
 */
import type { ErrorPages } from "../errors/error_pages.ts";
import { type Refusal, refusalOf } from "../errors/refusal.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import { Failover, type FailoverServices } from "../hold/failover.ts";
import { acceptOf } from "../http1/accept.ts";
import { affinityLines } from "../request/affinity.ts";
import type { Client } from "../request/client.ts";
import type { DrainState } from "../request/drain_state.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { Admission } from "../routing/admission.ts";
import { Disconnected } from "../transport/connection_reader.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { ConnectionQueue } from "../upstream/connection_queue.ts";
import { NoRoomError } from "../upstream/no_room_error.ts";
import type { RetryBudget } from "../upstream/retry_budget.ts";
import type { Attempts, ExchangeEnd, StartedAttempt } from "./attempt.ts";
import type { FailureReports } from "./failure_reports.ts";

/** Dependencies of a {@linkcode RouteLoop}. */
interface RouteServices {
  readonly retryBudget: RetryBudget;
  readonly deadlines: Deadlines;
  readonly admission: Admission;
  /** Requests that wait for a connection. */
  readonly connectionQueue: ConnectionQueue;
  readonly attempts: Attempts;
  readonly reports: FailureReports;
  readonly failover: FailoverServices;
  readonly drain: DrainState;
  /** Pages for clients that prefer HTML. */
  readonly errorPages: ErrorPages;
}

/** The route loop of one worker. */
export class RouteLoop {
  readonly #services: RouteServices;

  /** @param services dependencies of the loop */
  constructor(services: RouteServices) {
    this.#services = services;
  }

  /**
   * Answers a request: by a replica, or by the balancer's error.
   *
   * @param client source of the request and target of the response
   * @param request the request to send
   * @param begun set if it was already sent to its first choice
   * @returns whether the client may send another request
   * @throws {Disconnected} the client is gone, or its response broke off
   * @throws {RefusedError} the request's body turned out to be wrong
   */
  async forward(
    client: Client,
    request: ProxyRequest,
    begun?: StartedAttempt,
  ): Promise<ExchangeEnd> {
    if (request.answer !== undefined) return await this.#refuse(client, request, request.answer);
    const { retryBudget, deadlines, attempts, reports } = this.#services;
    const { hold } = request.rules;
    retryBudget.request(deadlines.now);
    let pool = begun ? begun.upstream.pool : this.#firstPlace(request);
    let failover: Failover | undefined;
    let roomUntil: number | undefined;
    for (let again = false;; begun = undefined) {
      if (!pool) {
        failover ??= new Failover(this.#services.failover, client, request);
        pool = await failover.next();
        if (!pool) return await this.#refuse(client, request, failover.refusal);
      }
      // An idle connection, or a new one if there is none or the last one was stale.
      const repeatable = request.repeatable && client.body.complete;
      const idle = begun?.upstream ?? (again ? undefined : client.takeIdle(pool, !repeatable));
      again = false;
      if (!begun) client.events.attemptStarted(pool, idle !== undefined);
      try {
        const upstream = idle ??
          await this.#open(client, request, pool, roomUntil ??= deadlines.in(hold.ms));
        const end = await attempts.run(client, request, upstream, begun);
        request.release();
        return end;
      } catch (error) {
        if (error instanceof NoRoomError) {
          client.events.attemptCancelled();
          return await this.#refuse(client, request, refusalOf(error.reason));
        }
        if (!(error instanceof UpstreamError)) throw error;
        client.events.attemptFailed(request, pool, error);
        reports.attemptFailed(pool.upstream, error, request);
        failover ??= new Failover(this.#services.failover, client, request);
        again = failover.failed(pool, error);
      } finally {
        // A second attempt on the same replica stays admitted.
        if (!again) pool.inFlight.leave();
      }
      if (!again) pool = undefined;
    }
  }

  #firstPlace(request: ProxyRequest): InstancePool | undefined {
    const { first } = request.destination;
    return first && this.#services.admission.acquire(request, first);
  }

  /** Opens a connection as soon as this process may. The wait ends when the client leaves. */
  async #open(
    client: Client,
    request: ProxyRequest,
    pool: InstancePool,
    until: number,
  ): Promise<UpstreamConnection> {
    const upstream = await this.#services.connectionQueue.connect(
      pool,
      waiterOf(client, request, pool),
      until,
    );
    if (upstream) {
      client.events.connected(upstream.reused);
      return upstream;
    }
    client.events.attemptCancelled();
    request.release();
    throw new Disconnected(client.transport);
  }

  async #refuse(client: Client, request: ProxyRequest, refusal: Refusal): Promise<ExchangeEnd> {
    // The rest of a body must not be taken for the next request.
    const unread = !client.read;
    const close = !request.keepAlive || unread || this.#services.drain.draining;
    const { method, destination: { key } } = request;
    client.events.rejected(method, refusal, request);
    // The API answers in JSON.
    const accept = key !== undefined && this.#services.errorPages.chooses(refusal)
      ? acceptOf(request.out, 0, request.length)
      : undefined;
    request.release();
    const failure = {
      ...refusal,
      close,
      withBody: method !== "HEAD",
      requestId: request.requestId,
      accept,
      fields: [...refusal.fields ?? [], ...affinityLines(request.affinity)],
    };
    if (unread) await client.turnAway(failure);
    else await client.fail(failure);
    return close ? "close" : "keep";
  }
}

/** The request as an entry of the connection queue. */
function waiterOf(client: Client, request: ProxyRequest, pool: InstancePool) {
  return {
    hold: (leave: () => void) => {
      request.shrink();
      client.transport.shrinkBuffer();
      client.events.diverted(request, pool);
      client.events.waiting("files");
      client.hold(leave);
    },
    unhold: () => {
      client.unhold();
      client.events.resumed();
    },
    get mayBeGone() {
      return client.ended;
    },
  };
}
