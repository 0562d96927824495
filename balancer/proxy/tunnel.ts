/**
 * After a switch of protocols: bytes both ways, whatever they mean.
 *
 * @module
 */
import type { Downstream } from "./downstream.ts";
import { asStream } from "./streams.ts";
import type { UpstreamConnection } from "./upstream_pool.ts";
import type { Wire } from "./wire.ts";

/**
 * Passes bytes between two connections until both sides have ended. One side may end before the
 * other. Silence for too long, and the deadline of a drain, end both.
 *
 * @param client the client's connection; bytes that it sent already go first
 * @param upstream the replica's connection, likewise
 */
export function tunnel(client: Downstream, upstream: UpstreamConnection): Promise<void> {
  return asStream(client, upstream, () => passBoth(client, upstream));
}

async function passBoth(client: Downstream, upstream: UpstreamConnection): Promise<void> {
  const alive = () => {
    client.deadlineAt = upstream.deadlineAt = client.proxy.tunnelDeadline();
  };
  alive();
  client.tunnelling = true;
  try {
    const { stopwatch } = client;
    await Promise.all([
      pass(client.wire, upstream.wire, (bytes) => {
        alive();
        stopwatch.receive(bytes);
      }),
      pass(upstream.wire, client.wire, (bytes) => {
        alive();
        stopwatch.pass(bytes);
      }),
    ]);
  } finally {
    upstream.close();
    client.wire.close();
  }
}

async function pass(from: Wire, to: Wire, onPassed: (bytes: number) => void): Promise<void> {
  from.makeRoom();
  for (;;) {
    if (from.unread > 0) {
      const count = from.unread;
      await to.write(from.bytes.subarray(from.start, from.end));
      from.start = from.end;
      onPassed(count);
    }
    if (!await from.fill()) break;
  }
  await to.closeWrite();
}
