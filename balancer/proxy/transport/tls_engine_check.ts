/**
 * The check of the TLS engine: does the runtime's internal handle behave as `tls_engine.ts` expects?
 *
 * @module
 */
import { MOST_SENT, TlsEngine } from "./tls_engine.ts";
import type { KeyPair } from "./tls_facts.ts";

/**
 * Tests the internal handle with a connection in memory.
 *
 * @param pair any usable certificate and key
 * @returns what differs from the form known here; undefined if the engine can be used
 */
export function engineFault(pair: KeyPair): string | undefined {
  try {
    return exchangeFault(pair);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const PING = new TextEncoder().encode("ping");

function exchangeFault(pair: KeyPair): string | undefined {
  const server = TlsEngine.server();
  const client = TlsEngine.client("test.invalid", { ca: pair.cert }, ["http/1.1"]);
  try {
    pass(client, server);
    if (server.hello?.serverName !== "test.invalid") {
      return "the client's first message is not shown";
    }
    server.accept(pair, "http/1.1");
    pass(server, client);
    if (!server.established || server.session().protocol !== "http/1.1") {
      return `the handshake does not end: ${server.failure?.message ?? "no error"}`;
    }
    server.send(PING);
    pass(server, client);
    if (client.takePlain(new Uint8Array(64)) !== PING.length) return "sent bytes do not arrive";
    server.send(new Uint8Array(MOST_SENT));
    pass(server, client);
    if (client.takePlain(new Uint8Array(MOST_SENT)) !== MOST_SENT) {
      return "a long write does not arrive";
    }
    server.closeNotify();
    pass(server, client);
    return client.ended ? undefined : "the end of a connection does not arrive";
  } finally {
    server.destroy();
    client.destroy();
  }
}

/** Moves encrypted bytes in both directions until there are none; a handshake needs three rounds. */
function pass(from: TlsEngine, to: TlsEngine): void {
  for (let round = 0; round < 8; round++) {
    const there = from.take();
    if (there.length > 0) to.receive(there);
    const back = to.take();
    if (back.length > 0) from.receive(back);
    if (there.length + back.length === 0) return;
  }
}
