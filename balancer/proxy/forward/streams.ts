/**
 * Tunnels and event streams, which have no end of their own. A drain gives them a deadline separate
 * from that of requests and then closes them.
 *
 * @module
 */
import type { Client } from "../request/client.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import { latin1 } from "../http1/latin1.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";

/**
 * Runs an exchange that has no end of its own.
 *
 * @param client the client's connection; a drain closes it
 * @param upstream the connection to the instance that carries it
 * @param run runs the exchange to its end
 */
export async function asStream(
  client: Client,
  upstream: UpstreamConnection,
  run: () => Promise<void>,
): Promise<void> {
  const over = upstream.pool.inFlight.stream(() => client.close());
  client.streaming = true;
  client.events.streaming();
  try {
    await run();
  } finally {
    client.streaming = false;
    over();
  }
}

const CONTENT_TYPE = "content-type";
const EVENT_STREAM = /^text\/event-stream *(;|$)/i;

/**
 * Whether a response is a stream of server-sent events.
 *
 * @param head the response's head
 * @param bytes the bytes that hold the head
 */
export function isEventStream({ fields }: ResponseHead, bytes: Uint8Array): boolean {
  for (let i = 0; i < fields.count; i++) {
    const [start, end] = [fields.lineStart(i), fields.nameEnd(i)];
    if (end - start !== CONTENT_TYPE.length) continue;
    if (latin1(bytes, start, end).toLowerCase() !== CONTENT_TYPE) continue;
    return EVENT_STREAM.test(latin1(bytes, fields.valueStart(i), fields.valueEnd(i)));
  }
  return false;
}
