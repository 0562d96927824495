/**
 * After a switch of protocols: passes opaque bytes both ways.
 *
 * @module
 */
import type { Client } from "../request/client.ts";
import { asStream } from "./streams.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import type { Connection } from "../transport/connection.ts";
import { Disconnected, type Reader } from "../transport/connection_reader.ts";
import { TruncatedError } from "../transport/tls_stream.ts";

/**
 * Passes bytes between two connections until both sides have ended; one side may end before the
 * other. The rest of the request's body goes first: the message ends, then the tunnel begins (RFC
 * 9110, section 7.8); the replica may send at once. Too long a silence, or the deadline of a drain,
 * ends both.
 *
 * @param client the client's connection; bytes behind the request go first
 * @param request the request that asked for the tunnel
 * @param upstream the replica's connection
 * @param replica its reader; its unread bytes go first
 * @param deadlines limits of silence
 */
export function tunnel(
  client: Client,
  request: ProxyRequest,
  upstream: UpstreamConnection,
  replica: Reader,
  deadlines: RequestDeadlines,
): Promise<void> {
  return asStream(client, upstream, () => passBoth(client, request, upstream, replica, deadlines));
}

async function passBoth(
  client: Client,
  request: ProxyRequest,
  upstream: UpstreamConnection,
  replica: Reader,
  deadlines: RequestDeadlines,
): Promise<void> {
  const { events } = client;
  const alive = () => {
    client.deadlineAt = upstream.deadlineAt = deadlines.stream(request);
  };
  const passUp = async () => {
    await client.upload?.done;
    if (!client.sent) throw new Disconnected(client.transport);
    using reader = client.transport.reader();
    await pass(reader, upstream.transport, (bytes) => {
      alive();
      events.bytesReceived(bytes);
    });
  };
  const passDown = () =>
    pass(replica, client.transport, (bytes) => {
      alive();
      events.bytesSent(bytes);
    });
  alive();
  client.tunnelling = true;
  try {
    await Promise.all([passUp(), passDown()]);
  } finally {
    upstream.close();
    client.transport.close();
  }
}

async function pass(
  reader: Reader,
  to: Connection,
  onPassed: (bytes: number) => void,
): Promise<void> {
  const from = reader.transport;
  for (;;) {
    if (from.unread > 0) {
      const count = from.unread;
      await to.write(from.bytes.subarray(from.start, from.end));
      from.start = from.end;
      onPassed(count);
    }
    from.makeRoom();
    if (!await readMore(reader)) break;
  }
  await to.closeWrite();
}

/**
 * Protocols of tunnels mark the end of their messages themselves, so an end of TLS without
 * close_notify is an end here.
 */
async function readMore(reader: Reader): Promise<boolean> {
  try {
    return await reader.read();
  } catch (error) {
    if (error instanceof Disconnected && error.cause instanceof TruncatedError) return false;
    throw error;
  }
}
