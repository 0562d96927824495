/**
 * What has no end of its own: tunnels and event streams. A drain waits for them apart from requests
 * and closes them when their time is over.
 *
 * @module
 */
import type { Client } from "../request/client.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import { latin1 } from "../http1/latin1.ts";
import type { UpstreamConnection } from "../upstream/connection_pool.ts";

/**
 * Runs something that has no end of its own.
 *
 * @param client the client's connection; a drain closes it
 * @param upstream the connection to the instance that it runs on
 * @param run runs it to its end
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
 * @param head its head
 * @param bytes the bytes that hold it
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
