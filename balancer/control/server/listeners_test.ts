import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { within } from "../../../tests/harness/raw.ts";
import { Entrances } from "./listeners.ts";
import { channelPair, serverOptions } from "../testing.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const LOCAL = { own: null, publicHost: "127.0.0.1", trusted: [], ...serverOptions() };

/** Entrances that answer with the caller's identity. */
async function telling(options: Partial<Parameters<typeof Entrances.open>[0]> = {}) {
  const entrances = await Entrances.open({ ...LOCAL, ...options });
  entrances.begin((_request, { caller }) => Response.json(caller));
  return { entrances, [Symbol.asyncDispose]: () => entrances.close(1000) };
}

Deno.test("a handed-over call has the client address that the data plane names", async () => {
  await using calls = await telling({ publicHost: "0.0.0.0" });
  const { worker, main } = channelPair();
  calls.entrances.takeOver(main);
  const forwarded = "X-Forwarded-For: 127.0.0.1, 192.0.2.1";
  await worker.write(
    new TextEncoder().encode(`GET /rep HTTP/1.1\r\nHost: a\r\n${forwarded}\r\n\r\n`),
  );
  const bytes = new Uint8Array(4096);
  const count = await worker.read(bytes) ?? 0;
  const [head, body] = new TextDecoder().decode(bytes.subarray(0, count)).split("\r\n\r\n");
  assertMatch(head ?? "", /^HTTP\/1\.1 200 OK\r\n/);
  assertEquals(JSON.parse(body ?? ""), {
    address: "192.0.2.1",
    peer: "192.0.2.1",
    local: false,
    shared: true,
  });
  worker.close();
});

test("an own port knows its peer, and trusts only trusted proxies", async () => {
  const own = { hostname: "127.0.0.1", port: 0 };
  for (const [trusted, address] of [[[], "127.0.0.1"], [["127.0.0.0/8"], "192.0.2.1"]] as const) {
    await using calls = await telling({ own, trusted, publicHost: "0.0.0.0" });
    const { port } = calls.entrances.own as Deno.NetAddr;
    const at = `http://127.0.0.1:${port}/`;
    const response = await fetch(at, { headers: { "x-forwarded-for": "192.0.2.1" } });
    assertEquals(await response.json(), { address, peer: "127.0.0.1", local: true, shared: false });
  }
});

test("a call before the balancer is ready waits for it", async () => {
  const entrances = await Entrances.open({ ...LOCAL, own: { hostname: "127.0.0.1", port: 0 } });
  const { port } = entrances.own as Deno.NetAddr;
  const answer = fetch(`http://127.0.0.1:${port}/`);
  entrances.begin(() => new Response("ready"));
  assertEquals(await (await answer).text(), "ready");
  await entrances.close(1000);
});

test("a call that does not end is cut off at the deadline", async () => {
  const entrances = await Entrances.open({ ...LOCAL, own: { hostname: "127.0.0.1", port: 0 } });
  const { port } = entrances.own as Deno.NetAddr;
  const asked = Promise.withResolvers<void>();
  entrances.begin(() => {
    asked.resolve();
    return new Promise(() => {});
  });
  const answer = assertRejects(() => fetch(`http://127.0.0.1:${port}/`), TypeError);
  await asked.promise;
  await within("the end", entrances.close(1));
  await answer;
});
