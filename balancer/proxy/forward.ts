/**
 * The route loop: takes a request to the replicas that the ring names, one after the other, until
 * one answers.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Downstream } from "./downstream.ts";
import { type Begun, exchange, type ExchangeEnd } from "./exchange.ts";
import { RETRY_AFTER_S } from "./failure_message.ts";
import { isEvidence, isIdempotent, shouldRetry, UpstreamError } from "./retry.ts";
import type { Transaction } from "./transaction.ts";

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
  const { retryBudget, deadlines } = client.proxy;
  const { destination } = request;
  retryBudget.request(deadlines.now);
  let failure: UpstreamError | undefined;
  for (let pool = destination.next(), fresh = false; pool; begun = undefined) {
    // An unused connection, or a new one where there is none or the last one turned out to be dead.
    const repeatable = isIdempotent(request.method) && client.body.complete;
    const idle = begun?.upstream ?? (fresh ? undefined : pool.takeIdle(!repeatable));
    if (!begun) pool.inFlight.enter();
    try {
      const end = await exchange(client, request, idle ?? await pool.connect(), begun);
      request.release();
      return end;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      failure = error;
      client.proxy.note(pool.upstream, error);
    } finally {
      pool.inFlight.leave();
    }
    if (!shouldRetry(failure, { method: request.method, bodyIntact: request.intact })) break;
    fresh = !isEvidence(failure);
    if (fresh) continue;
    if (!retryBudget.retry(deadlines.now)) break;
    pool = destination.next();
  }
  return await fail(client, request, failure);
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
