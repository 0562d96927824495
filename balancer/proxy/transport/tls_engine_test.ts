import { assertEquals, assertMatch } from "@std/assert";
import { makePair, readPair } from "../../../tests/harness/certificates.ts";
import { PERMITTED, systemTest as test } from "../../../tools/test/needs.ts";
import { acceptsPair, MOST_SENT, TlsEngine } from "./tls_engine.ts";
import { engineFault } from "./tls_engine_check.ts";

const folder = PERMITTED ? await Deno.makeTempDir() : "";
test.afterAll(() => Deno.remove(folder, { recursive: true }));

/** A pair of engines before the handshake, and a function that moves bytes between them. */
async function engines(protocols: readonly string[] = []) {
  const pair = await readPair(await makePair(folder, "a.test"));
  const server = TlsEngine.server();
  const client = TlsEngine.client("a.test", { ca: pair.cert }, protocols);
  const pass = () => {
    for (let moved = 1; moved > 0;) {
      const there = client.take();
      if (there.length > 0) server.receive(there);
      const back = server.take();
      if (back.length > 0) client.receive(back);
      moved = there.length + back.length;
    }
  };
  const dispose = () => {
    server.destroy();
    client.destroy();
  };
  return { pair, server, client, pass, [Symbol.dispose]: dispose };
}

test("the runtime's internal TLS handle is as this program knows it", async () => {
  for (const kind of ["ec", "rsa"] as const) {
    const pair = await readPair(await makePair(folder, kind, { kind }));
    assertEquals(engineFault(pair), undefined, "then decision 0074 and the fallback need a look");
  }
});

test("a key of another certificate, and text that is no certificate, are not accepted", async () => {
  const pair = await readPair(await makePair(folder, "one"));
  const other = await readPair(await makePair(folder, "two"));
  assertEquals(acceptsPair(pair), true);
  assertEquals(acceptsPair({ cert: pair.cert, key: other.key }), false);
  assertEquals(acceptsPair({ cert: "no certificate", key: pair.key }), false);
  assertMatch(engineFault({ cert: pair.cert, key: other.key }) ?? "", /handshake|usable/);
});

test("a server sees the name and the protocols of a client before it chooses", async () => {
  using one = await engines(["h2", "http/1.1"]);
  const { pair, server, client, pass } = one;
  pass();
  assertEquals(server.hello, { serverName: "a.test", protocols: ["h2", "http/1.1"] });
  server.accept(pair, "http/1.1");
  pass();
  assertEquals([server.established, client.established], [true, true]);
  assertEquals(server.session(), { version: "TLSv1.3", protocol: "http/1.1", resumed: false });
  assertEquals(client.verifyError(), "");
});

test("bytes of the largest part arrive, and close_notify ends one side alone", async () => {
  using one = await engines();
  const { pair, server, client, pass } = one;
  pass();
  server.accept(pair, undefined);
  pass();
  const bytes = crypto.getRandomValues(new Uint8Array(MOST_SENT));
  server.send(bytes);
  pass();
  const first = new Uint8Array(MOST_SENT - 100);
  assertEquals(client.takePlain(first), first.length);
  assertEquals([first, client.hasPlain], [bytes.subarray(0, first.length), true]);
  const rest = new Uint8Array(MOST_SENT);
  assertEquals(client.takePlain(rest), 100);
  assertEquals([rest.subarray(0, 100), client.hasPlain], [bytes.subarray(-100), false]);
  server.closeNotify();
  pass();
  assertEquals([client.ended, server.ended], [true, false]);
  client.send(bytes);
  pass();
  const back = new Uint8Array(MOST_SENT);
  assertEquals([server.takePlain(back), back], [MOST_SENT, bytes]);
});

test("bytes that are no TLS fail with an alert to send", async () => {
  using one = await engines();
  const { server } = one;
  server.receive(new TextEncoder().encode("\x16\x03\x01 this is no handshake at all ......."));
  assertEquals(server.established, false);
  assertEquals(server.failure instanceof Error || server.hello === undefined, true);
});
