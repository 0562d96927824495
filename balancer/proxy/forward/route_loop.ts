/**
 * The route loop: takes a request to the replica that the ring names, and on its detour to others,
 * until one answers.
 *
 * @module
 */
import { NoRoomError } from "../upstream/connection_queue.ts";
import { Detour } from "../hold/failover.ts";
import type { Downstream } from "../downstream/client_connection.ts";
import { type Begun, exchange, type ExchangeEnd } from "./attempt.ts";
import { type Refusal, refusalOf } from "../errors/refusal.ts";
import { isIdempotent, UpstreamError } from "../errors/upstream_error.ts";
import type { Transaction } from "../request/request.ts";
import type { InstancePool, UpstreamConnection } from "../upstream/connection_pool.ts";
import { Disconnected } from "../transport/connection.ts";

/**
 * Has a request answered, by a replica or by the error that says why none did.
 *
 * @param client where it came from and where the response goes
 * @param request what to send
 * @param begun set where it was sent already, to its first choice
 * @returns whether the client may send another request
 * @throws {Disconnected} the client is gone, or its response broke off
 * @throws {RefusedError} the request's body turned out to be wrong
 */
export async function forward(
  client: Downstream,
  request: Transaction,
  begun?: Begun,
): Promise<ExchangeEnd> {
  if (request.answer !== undefined) return await refuse(client, request, request.answer);
  const { retryBudget, deadlines, settings } = client.proxy;
  retryBudget.request(deadlines.now);
  let pool = begun ? begun.upstream.pool : firstPlace(client, request);
  let detour: Detour | undefined;
  let roomUntil: number | undefined;
  for (let again = false;; begun = undefined) {
    if (!pool) {
      detour ??= new Detour(client, request);
      pool = await detour.next();
      if (!pool) return await refuse(client, request, detour.refusal);
    }
    // An unused connection, or a new one where there is none or the last one turned out to be dead.
    const repeatable = isIdempotent(request.method) && client.body.complete;
    const idle = begun?.upstream ?? (again ? undefined : client.takeIdle(pool, !repeatable));
    again = false;
    if (!begun) client.stopwatch.ask(pool, idle !== undefined);
    try {
      const upstream = idle ??
        await open(client, request, pool, roomUntil ??= deadlines.in(settings.hold.ms));
      const end = await exchange(client, request, upstream, begun);
      request.release();
      return end;
    } catch (error) {
      if (error instanceof NoRoomError) {
        client.stopwatch.record?.unask();
        return await refuse(client, request, refusalOf(error.reason));
      }
      if (!(error instanceof UpstreamError)) throw error;
      client.stopwatch.witness(request, pool, error.reused);
      client.stopwatch.fail(error);
      client.proxy.note(pool.upstream, error, request);
      detour ??= new Detour(client, request);
      again = detour.failed(pool, error);
    } finally {
      // Who tries the same one again keeps the place.
      if (!again) pool.inFlight.leave();
    }
    if (!again) pool = undefined;
  }
}

/** Opens a connection as soon as this process can. A client that leaves gives its place up. */
async function open(
  client: Downstream,
  request: Transaction,
  pool: InstancePool,
  until: number,
): Promise<UpstreamConnection> {
  const hold = (leave: () => void) => {
    request.shrink();
    client.wire.rest();
    client.stopwatch.detour();
    client.stopwatch.witness(request, pool);
    client.stopwatch.record?.hold("files");
    client.hold(leave);
  };
  const unhold = () => {
    client.unhold();
    client.stopwatch.record?.unhold();
    client.stopwatch.askNow();
  };
  const caller = {
    hold,
    unhold,
    get mayBeGone() {
      return client.ended;
    },
  };
  const upstream = await client.proxy.line.connect(pool, caller, until);
  const { record } = client.stopwatch;
  if (upstream?.reused) record?.reuse();
  if (upstream) return upstream;
  record?.unask();
  request.release();
  throw new Disconnected(client.wire);
}

function firstPlace({ proxy }: Downstream, request: Transaction): InstancePool | undefined {
  const { first } = request.destination;
  return first && proxy.places.take(request, first);
}

async function refuse(
  client: Downstream,
  request: Transaction,
  refusal: Refusal,
): Promise<ExchangeEnd> {
  // The rest of a body must not be taken for the next request.
  const unread = !client.read;
  const close = !request.keepAlive || unread || client.proxy.draining;
  client.stopwatch.witness(request);
  request.release();
  const { method } = request;
  client.stopwatch.refuse(method, refusal);
  const failure = {
    ...refusal,
    close,
    withBody: method !== "HEAD",
    requestId: request.requestId,
  };
  if (unread) await client.turnAway(failure);
  else await client.fail(failure);
  return close ? "close" : "keep";
}
