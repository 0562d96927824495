import { assertEquals } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import {
  balancerFor,
  field,
  get,
  RawBalancer,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Answers with the client's address that the balancer forwarded. */
function echo(): RawUpstream {
  return new RawUpstream((request: RawMessage) => {
    const client = field(request, "x-forwarded-for") ?? "";
    return `HTTP/1.1 200 OK\r\nContent-Length: ${client.length}\r\n\r\n${client}`;
  });
}

const ON = {
  LB_PROXY_PROTOCOL: "on",
  LB_TRUSTED_PROXIES: "127.0.0.0/8",
  LB_HEAD_TIMEOUT_MS: "1000",
};
const V1 = "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n";
const V2 = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\x12\x67\0\x50";
const LOCAL = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/** Without waiting for its status, which would have to be asked for with a PROXY head. */
async function listening(upstream: RawUpstream): Promise<RawBalancer> {
  return new RawBalancer(
    await Balancer.start({
      LB_ENGINE: "static",
      LB_UPSTREAMS: upstream.address,
      LB_HEALTH_PATH: "",
      LB_WORKERS: "1",
      LB_PUBLIC_API: "all",
      ...ON,
    }),
  );
}

async function ended(balancer: RawBalancer, pieces: readonly string[]): Promise<string> {
  using client = await balancer.connect();
  await client.sendPieces(pieces);
  return (await client.rest()).text;
}

test("a PROXY head of either version names the client, for every split of its bytes", async () => {
  await using upstream = echo();
  await using balancer = await listening(upstream);
  const ask = async (...pieces: string[]) => {
    using client = await balancer.connect();
    await client.sendPieces(pieces);
    const first = await client.response();
    await client.send(get());
    assertEquals((await client.response()).body, first.body, "it holds for the whole connection");
    return first.body;
  };
  for (const head of [V1, V2]) {
    assertEquals(await ask(head + get()), "192.0.2.7");
    assertEquals(await ask(head, get()), "192.0.2.7");
    assertEquals(await ask(...head, get()), "192.0.2.7");
  }
  assertEquals(await ask(LOCAL + get()), "127.0.0.1");
  assertEquals(await ask(`PROXY UNKNOWN\r\n${get()}`), "127.0.0.1");
  // A client that is no trusted proxy itself is not believed.
  assertEquals(await ask(V1 + get("/", "X-Forwarded-For: 198.51.100.1")), "192.0.2.7");
});

test("a trusted connection without a whole PROXY head is closed without an answer, and counted", async () => {
  await using upstream = echo();
  await using balancer = await listening(upstream);
  assertEquals(await ended(balancer, [get()]), "");
  assertEquals(await ended(balancer, ["PROXY TCP4 nobody\r\n", get()]), "");
  assertEquals(await ended(balancer, ["PROXY TCP4 192"]), "", "it does not come in time");
  using client = await balancer.connect();
  await client.send(`${LOCAL}GET /_lb/status HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const { failures } = JSON.parse((await client.response()).body);
  assertEquals(failures["proxy.protocol"], 3);
  assertEquals(upstream.requests, []);
});

test("without trust, or without the setting, a PROXY head is no request", async () => {
  await using upstream = echo();
  for (const env of [{}, { ...ON, LB_TRUSTED_PROXIES: "10.0.0.0/8" }]) {
    await using balancer = await balancerFor([upstream], env);
    assertEquals(statusOf(await balancer.ask(V1 + get())), 400);
    assertEquals((await balancer.ask(get())).body, "127.0.0.1");
  }
});
