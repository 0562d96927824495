import { assertEquals } from "@std/assert";
import { Entrances } from "./entrances.ts";

const LOCAL = { own: null, publicHost: "127.0.0.1", trusted: [] };

/** Entrances that answer with who calls. */
async function telling(options: Partial<Parameters<typeof Entrances.open>[0]> = {}) {
  const entrances = await Entrances.open({ ...LOCAL, ...options });
  entrances.begin((_request, { caller }) => Response.json(caller));
  const { hostname, port, via } = entrances.inner;
  const ask = async (headers: Record<string, string>, at = `http://${hostname}:${port}/`) => {
    const response = await fetch(at, { headers });
    return { status: response.status, body: await response.json() };
  };
  return { entrances, via, ask, [Symbol.asyncDispose]: () => entrances.close(1000) };
}

Deno.test("where the data plane hands calls over, nobody else is answered", async () => {
  await using calls = await telling();
  const refused = { message: "<Error> this port is for the balancer's own data plane" };
  for (const via of ["1.1 ringkeeper", `${calls.via}, 1.1 other`, ""]) {
    const { status, body } = await calls.ask({ via, "x-forwarded-for": "127.0.0.1" });
    assertEquals([status, body], [403, { ...refused, status: "failure" }], via);
  }
});

Deno.test("a call that is handed over comes from whom the data plane names", async () => {
  await using calls = await telling({ publicHost: "0.0.0.0" });
  const via = `1.0 proxy, ${calls.via}`;
  assertEquals(await calls.ask({ via, "x-forwarded-for": "127.0.0.1, 192.0.2.1" }), {
    status: 200,
    body: { address: "192.0.2.1", peer: "192.0.2.1", local: false, shared: true },
  });
});

Deno.test("an own port knows who is connected, and believes trusted proxies alone", async () => {
  const own = { hostname: "127.0.0.1", port: 0 };
  for (const [trusted, address] of [[[], "127.0.0.1"], [["127.0.0.0/8"], "192.0.2.1"]] as const) {
    await using calls = await telling({ own, trusted, publicHost: "0.0.0.0" });
    const { port } = calls.entrances.own as Deno.NetAddr;
    const at = `http://127.0.0.1:${port}/`;
    const { body } = await calls.ask({ "x-forwarded-for": "192.0.2.1" }, at);
    assertEquals(body, { address, peer: "127.0.0.1", local: true, shared: false });
  }
});

Deno.test("who comes before the balancer is ready waits for it", async () => {
  const entrances = await Entrances.open({ ...LOCAL, own: { hostname: "127.0.0.1", port: 0 } });
  const { port } = entrances.own as Deno.NetAddr;
  const answer = fetch(`http://127.0.0.1:${port}/`);
  entrances.begin(() => new Response("ready"));
  assertEquals(await (await answer).text(), "ready");
  await entrances.close(1000);
});

Deno.test("a call that does not end holds nobody up for longer than it may", async () => {
  const entrances = await Entrances.open({ ...LOCAL, own: { hostname: "127.0.0.1", port: 0 } });
  const { port } = entrances.own as Deno.NetAddr;
  const { promise, resolve } = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  entrances.begin(() => {
    asked.resolve();
    return promise;
  });
  const answer = fetch(`http://127.0.0.1:${port}/`);
  await asked.promise;
  await entrances.close(1);
  resolve(new Response("late"));
  assertEquals(await (await answer).text(), "late");
});
