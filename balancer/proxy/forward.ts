/**
 * The route loop: takes a request to the replicas that the ring names, one after the other, until
 * one answers.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Downstream } from "./downstream.ts";
import { exchange, type ExchangeEnd } from "./exchange.ts";
import { RETRY_AFTER_S } from "./failure_message.ts";
import { isEvidence, isIdempotent, shouldRetry, UpstreamError } from "./retry.ts";
import type { Transaction } from "./transaction.ts";
import type { InstancePool } from "./upstream_pool.ts";

/**
 * Has a request answered, by a replica or by the error that says why none did.
 *
 * @returns whether the client may send another request
 * @throws {Disconnected} the client is gone, or its response broke off
 * @throws {RefusedError} the request's body turned out to be wrong
 */
export async function forward(client: Downstream, request: Transaction): Promise<ExchangeEnd> {
  const { proxy } = client;
  proxy.retryBudget.request(proxy.deadlines.now);
  let failure: UpstreamError | undefined;
  const { destination } = request;
  for (let pool = destination.next(); pool; pool = destination.next()) {
    const leave = proxy.inFlight.enter(pool.upstream.instance);
    try {
      const end = await attempt(client, request, pool);
      request.release();
      return end;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      failure = error;
      proxy.note(pool.upstream, failure);
      if (!mayTryAgain(client, request, failure)) break;
    } finally {
      leave();
    }
  }
  return await fail(client, request, failure);
}

/** On an unused connection; on a new one where there is none, or where it turned out to be dead. */
async function attempt(
  client: Downstream,
  request: Transaction,
  pool: InstancePool,
): Promise<ExchangeEnd> {
  const idle = pool.takeIdle(!isIdempotent(request.method));
  if (idle) {
    try {
      return await exchange(client, request, idle);
    } catch (error) {
      if (!(error instanceof UpstreamError) || isEvidence(error)) throw error;
      if (!shouldRetry(error, { method: request.method, bodyIntact: request.intact })) throw error;
    }
  }
  return await exchange(client, request, await pool.connect());
}

function mayTryAgain(client: Downstream, request: Transaction, failure: UpstreamError): boolean {
  const { method, intact: bodyIntact } = request;
  return shouldRetry(failure, { method, bodyIntact }) &&
    client.proxy.retryBudget.retry(client.proxy.deadlines.now);
}

/** The one place that turns a failed route into a status. */
async function fail(
  client: Downstream,
  request: Transaction,
  failure: UpstreamError | undefined,
): Promise<ExchangeEnd> {
  const close = !request.keepAlive || !client.body.complete || client.proxy.draining;
  const common = {
    close,
    withBody: request.method !== "HEAD",
    requestId: request.requestId,
  };
  request.release();
  if (!failure) {
    await client.fail({
      ...common,
      status: STATUS_CODE.ServiceUnavailable,
      message: "no replica is ready; try again",
      retryAfterS: RETRY_AFTER_S,
    });
  } else if (failure.kind === "timeout") {
    const message = "the replica did not answer in time";
    await client.fail({ ...common, status: STATUS_CODE.GatewayTimeout, message });
  } else {
    const message = failure.kind === "malformed"
      ? `the replica's response is malformed: ${failure.message}`
      : `the replica's connection was ${failure.kind}`;
    await client.fail({ ...common, status: STATUS_CODE.BadGateway, message });
  }
  return close ? "close" : "keep";
}
