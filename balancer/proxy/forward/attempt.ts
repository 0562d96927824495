/**
 * One request on one connection to a replica.
 *
 * @module
 */
import type { Downstream } from "../downstream/client_connection.ts";
import { ResponseRelay } from "./response_relay.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import type { Transaction } from "../request/request.ts";
import type { UpstreamConnection } from "../upstream/connection_pool.ts";
import { Upload } from "../downstream/upload.ts";
import { Disconnected } from "../transport/connection.ts";

/** Whether the client may send another request. */
export type ExchangeEnd = "keep" | "close";

/** An exchange that the shortcut began: the request was sent, and the wait for its answer begun. */
export interface Begun {
  readonly upstream: UpstreamConnection;
  /** Why it was not sent after all. */
  readonly failure: Disconnected | undefined;
}

/**
 * Sends a request and relays the response.
 *
 * @param client where it came from and where the response goes
 * @param request what to send
 * @param upstream the connection to send it on; at the end it is closed or back in its pool
 * @param begun set where that was done already
 * @throws {UpstreamError} the replica failed; nothing of a final response went to the client
 * @throws {RefusedError} the request's body turned out to be wrong
 * @throws {Disconnected} the client is gone, or its response broke off
 */
export async function exchange(
  client: Downstream,
  request: Transaction,
  upstream: UpstreamConnection,
  begun?: Begun,
): Promise<ExchangeEnd> {
  const relay = client.proxy.relays.pop() ?? new ResponseRelay();
  client.upstream = upstream;
  upstream.request = request;
  try {
    if (begun?.failure) throw begun.failure;
    if (!begun) {
      client.proxy.sampler?.asked(upstream);
      upstream.deadlineAt = client.proxy.responseDeadline(upstream.pool);
      await upstream.wire.write(request.opening);
    }
    if (client.body.complete) client.watch();
    else client.upload = new Upload(client, request, upstream);
    if (!begun) upstream.deadlineAt = responseDeadline(client, upstream);
    return await relay.run(client, request, upstream);
  } catch (error) {
    upstream.close();
    client.upload?.abandon();
    if (brokeOff(error, client, request, upstream)) {
      client.proxy.noteBroken(upstream, request);
      client.stopwatch.witness(request, upstream.pool, upstream.reused);
      client.stopwatch.breakOff();
    }
    throw meaningOf(error, client, request, upstream);
  } finally {
    client.upstream = undefined;
    client.proxy.relays.push(relay);
  }
}

/** Whether it was the replica that broke a response off in the middle. */
function brokeOff(
  error: unknown,
  client: Downstream,
  request: Transaction,
  upstream: UpstreamConnection,
): boolean {
  return error instanceof Disconnected && error.wire === upstream.wire && request.responding &&
    !client.gone && !client.wire.closed;
}

/** A response is due once the whole request was sent. */
function responseDeadline({ proxy, body }: Downstream, { pool }: UpstreamConnection): number {
  return body.complete ? proxy.responseDeadline(pool) : Infinity;
}

/** What a failure means: whoever closes a connection here has left word why. */
function meaningOf(
  error: unknown,
  client: Downstream,
  request: Transaction,
  upstream: UpstreamConnection,
): unknown {
  if (!(error instanceof Disconnected)) return error;
  if (client.gone || request.responding || error.wire === client.wire) {
    return new Disconnected(client.wire, { cause: error });
  }
  if (request.bodyFault) return request.bodyFault;
  const kind = upstream.expired ? "timeout" : "reset";
  // Only a read that found the end of the replica's side leaves no cause.
  const closed = kind === "reset" && error.cause === undefined;
  return new UpstreamError(kind, "maybe", upstream.reused, String(error.cause ?? error), {
    cause: error,
    closed,
  });
}
